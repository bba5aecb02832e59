//go:build tools

// Package tools names the commands that this module builds, so that go mod tidy keeps what they need.
package tools

import (
	_ "helm.sh/helm/v3/cmd/helm"
	_ "helm.sh/helm/v4/cmd/helm"
)
