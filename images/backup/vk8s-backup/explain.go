package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"
)

// An endpoint that is away for a moment is none that is wrong.
const (
	dialTimeout  = 10 * time.Second
	dialAttempts = 3
)

// reason is what is wrong if restic's last words contain one of the texts.
type reason struct {
	texts   []string
	meaning string
}

// Ordered: the first that matches is the cause.
var reasons = []reason{
	{
		[]string{"no space left on device", "disk quota exceeded", "quota exceeded", "minimum free drive threshold"},
		"it has no room left",
	},
	{[]string{"read-only file system", "permission denied", "operation not permitted"}, "the pod can't write there"},
	{
		[]string{
			"Access Denied", "AccessDenied", "Access Key Id", "access key ID", "signature we calculated", "403 Forbidden",
		},
		"the server rejects the credentials, or they have no right to read, write and delete there",
	},
	{[]string{"NoSuchBucket", "specified bucket does not exist"}, "there is no such bucket"},
	{[]string{"x509:", "tls: "}, "the certificate of the server is not trusted: spec.backup.s3.caConfigMapRef names its CA"},
	{
		[]string{"connection refused", "no such host", "i/o timeout", "network is unreachable", "no route to host", "EOF"},
		"the server does not answer",
	},
	{
		[]string{
			"ciphertext verification failed", "hash does not match", "invalid data returned", "wrong hash", "is truncated",
			"not found in repository", "not found in index", "(<data/",
		},
		"the data there is damaged: write another prefix or claim, and look at it with `restic check --read-data`",
	},
}

// explain returns one line on why restic ended.
func explain(code int, said string, canceled error) error {
	switch code {
	case exitNoRepository:
		return errNoRepository
	case exitLocked:
		return errLocked
	case exitWrongPassword:
		return errors.New("the password is not the one with which the repository was created: restore it in the Secret of " +
			"spec.backup.passwordSecretRef, or write another prefix or claim")
	}
	for _, each := range reasons {
		for _, text := range each.texts {
			if strings.Contains(said, text) {
				return fmt.Errorf("%s (%s)", each.meaning, said)
			}
		}
	}
	if canceled != nil {
		return fmt.Errorf("no end in time (%s)", said)
	}
	return errors.New(said)
}

// readReason returns the last words of restic, without what it wrote on its way.
func readReason(stderr string) string {
	last := ""
	for line := range strings.Lines(stderr) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		last = line
		var ended struct {
			Message string `json:"message"`
			Error   struct {
				Message string `json:"message"`
			} `json:"error"`
		}
		if json.Unmarshal([]byte(line), &ended) == nil {
			last = ended.Message + ended.Error.Message
		}
	}
	last = strings.TrimPrefix(strings.Join(strings.Fields(last), " "), "Fatal: ")
	if len(last) > 400 {
		last = last[:400] + "…"
	}
	return last
}

// checkEndpoint connects to the S3 server: restic would try for a quarter of an hour, and name no cause.
func (b *backup) checkEndpoint(ctx context.Context) error {
	parsed, err := url.Parse(b.s3.endpoint)
	if err != nil || parsed.Hostname() == "" {
		return fmt.Errorf("spec.backup.s3.endpoint: %q is no URL", b.s3.endpoint)
	}
	var failure error
	for range dialAttempts {
		if failure = b.dial(ctx, parsed); failure == nil || isUntrusted(failure) {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	if failure == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", b.target(), explain(0, failure.Error(), nil))
}

func (b *backup) dial(ctx context.Context, endpoint *url.URL) error {
	port, dialer := endpoint.Port(), &net.Dialer{Timeout: dialTimeout}
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[endpoint.Scheme]
	}
	address := net.JoinHostPort(endpoint.Hostname(), port)
	if endpoint.Scheme == "http" {
		connection, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			_ = connection.Close()
		}
		return err
	}
	trusted, err := b.readAuthorities()
	if err != nil {
		return err
	}
	secure := &tls.Dialer{NetDialer: dialer, Config: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}}
	connection, err := secure.DialContext(ctx, "tcp", address)
	if err == nil {
		_ = connection.Close()
	}
	return err
}

// readAuthorities returns those that the owner names; none if the public ones count.
func (b *backup) readAuthorities() (*x509.CertPool, error) {
	if b.s3.ca == "" {
		return nil, nil
	}
	content, err := os.ReadFile(b.s3.ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, errors.New("x509: the ConfigMap of spec.backup.s3.caConfigMapRef has no certificate")
	}
	return pool, nil
}

func isUntrusted(err error) bool {
	return strings.Contains(err.Error(), "x509:")
}

func isDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
