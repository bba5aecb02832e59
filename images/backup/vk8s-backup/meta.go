package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"go.etcd.io/etcd/etcdutl/v3/snapshot"
	"go.uber.org/zap"
)

// format is the version of meta.json. A reader rejects a newer one.
const format = 1

// description is meta.json: what a restore has to know, and no secret.
type description struct {
	Format int       `json:"format"`
	Time   time.Time `json:"time"`
	about
	KubernetesVersion string            `json:"kubernetesVersion"`
	EtcdVersion       string            `json:"etcdVersion"`
	Nodes             map[string]string `json:"nodes"`
	// By the name of its file, the hash of the public key of a certificate authority, as kubeadm writes it.
	Authorities map[string]string `json:"authorities"`
	Revision    int64             `json:"revision"`
	Keys        int               `json:"keys"`
	// As etcdutl snapshot status has them.
	Hash      string `json:"hash"`
	SHA256    string `json:"sha256"`
	Size      int64  `json:"size"`
	Encrypted bool   `json:"encrypted"`
	// Only after it was fetched: its name, the nodes that have volumes in the same backup, and how many are missing.
	Fetched string   `json:"fetched,omitempty"`
	Volumes []string `json:"volumes,omitempty"`
	Missing string   `json:"missing,omitempty"`
}

func (d *description) write(path string) error {
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o600)
}

// checkSnapshot returns the facts of a snapshot; an error if it is not what etcd sent, or its pages contradict each other.
func checkSnapshot(path string) (*description, error) {
	sum, err := checkSum(path)
	if err != nil {
		return nil, err
	}
	status, err := snapshot.NewV3(zap.NewNop()).Status(path)
	if err != nil {
		return nil, err
	}
	file, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	return &description{
		Format: format, Revision: status.Revision, Keys: status.TotalKey, Hash: fmt.Sprintf("%08x", status.Hash),
		SHA256: sum, Size: file.Size(),
	}, nil
}

// checkSum compares the checksum that etcd appends to a snapshot, and returns that of the whole file.
func checkSum(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	length := info.Size() - sha256.Size
	if length <= 0 {
		return "", errors.New("it is cut off")
	}
	content, all := sha256.New(), sha256.New()
	if _, err := io.CopyN(io.MultiWriter(content, all), file, length); err != nil {
		return "", err
	}
	appended, err := io.ReadAll(io.TeeReader(file, all))
	if err != nil {
		return "", err
	}
	if !bytes.Equal(appended, content.Sum(nil)) {
		return "", errors.New("its checksum differs")
	}
	return hex.EncodeToString(all.Sum(nil)), nil
}

// hashAuthority returns the hash by which kubeadm pins a certificate authority.
func hashAuthority(certificate []byte) (string, error) {
	block, _ := pem.Decode(certificate)
	if block == nil {
		return "", errors.New("no certificate")
	}
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256(parsed.RawSubjectPublicKeyInfo)), nil
}
