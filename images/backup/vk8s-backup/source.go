package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/snapshot"
	"go.uber.org/zap"
	"google.golang.org/grpc"
)

const (
	// So long one member may take to answer.
	answerTimeout = 10 * time.Second
	// The name in the certificate of each member, whatever its address is.
	serverName = "localhost"
)

// source is a member of etcd that has a quorum, and what leads to it.
type source struct {
	endpoint string
	files    string
	virtual  *virtualCluster
	tunnel   *tunnel
}

// openSource returns the first member that answers a read that needs a quorum.
func (b *backup) openSource(ctx context.Context) (*source, error) {
	if b.etcd != "" {
		found := &source{endpoint: b.etcd, files: b.etcdFiles}
		return found, found.check(ctx)
	}
	virtual, err := openVirtualCluster(b.kubeconfig)
	if err != nil {
		return nil, err
	}
	pods, err := virtual.listMembers(ctx)
	if err != nil {
		return nil, err
	}
	var failure error
	for _, pod := range pods {
		found, err := b.openMember(ctx, virtual, pod)
		if err == nil {
			return found, nil
		}
		failure = fmt.Errorf("%s: %w", pod, err)
		b.say(failure.Error())
	}
	return nil, fmt.Errorf("no etcd of a control-plane node answers: %w", failure)
}

func (b *backup) openMember(ctx context.Context, virtual *virtualCluster, pod string) (*source, error) {
	opened, err := virtual.openTunnel(ctx, pod)
	if err != nil {
		return nil, err
	}
	found := &source{endpoint: opened.endpoint, files: b.etcdFiles, virtual: virtual, tunnel: opened}
	if err := found.check(ctx); err != nil {
		found.close()
		return nil, err
	}
	return found, nil
}

func (s *source) close() {
	if s.tunnel != nil {
		s.tunnel.close()
	}
}

// configure returns how to connect: to this member and to no other.
func (s *source) configure(ctx context.Context) (clientv3.Config, error) {
	files := transport.TLSInfo{
		TrustedCAFile: filepath.Join(s.files, "ca.crt"), CertFile: filepath.Join(s.files, "tls.crt"),
		KeyFile: filepath.Join(s.files, "tls.key"), ServerName: serverName,
	}
	access, err := files.ClientConfig()
	if err != nil {
		return clientv3.Config{}, fmt.Errorf("the credentials for etcd: %w", err)
	}
	return clientv3.Config{
		Endpoints: []string{s.endpoint}, TLS: access, Context: ctx, Logger: zap.NewNop(), DialTimeout: answerTimeout,
		DialOptions: []grpc.DialOption{grpc.WithNoProxy(), grpc.WithBlock(), grpc.WithReturnConnectionError()}, //nolint:staticcheck // says why there is no connection
	}, nil
}

// check reads through the quorum: what was acknowledged before that is in the snapshot of this member.
func (s *source) check(ctx context.Context) error {
	config, err := s.configure(ctx)
	if err != nil {
		return err
	}
	client, err := clientv3.New(config)
	if err != nil {
		return fmt.Errorf("etcd does not answer: %w", err)
	}
	defer func() { _ = client.Close() }()
	limited, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	if _, err := client.Get(limited, "health"); err != nil {
		return fmt.Errorf("etcd does not answer: %w", err)
	}
	return nil
}

// save writes a snapshot, which is complete when this returns, and returns the version of etcd.
func (s *source) save(ctx context.Context, path string) (string, error) {
	config, err := s.configure(ctx)
	if err != nil {
		return "", err
	}
	version, err := snapshot.SaveWithVersion(ctx, zap.NewNop(), config, path)
	switch {
	case isDiskFull(err):
		return "", errors.New("the host of this pod has no room for a copy of etcd's data")
	case err != nil:
		return "", fmt.Errorf("etcd's snapshot was cut off: %w", err)
	}
	return version, nil
}

// describe completes what the hooks and the snapshot itself don't say.
func (s *source) describe(ctx context.Context, found *description) error {
	found.Time, found.Authorities, found.Nodes = time.Now().UTC().Truncate(time.Second), map[string]string{}, map[string]string{}
	authority, err := os.ReadFile(filepath.Join(s.files, "ca.crt"))
	if err != nil {
		return err
	}
	if found.Authorities["etcd-ca"], err = hashAuthority(authority); err != nil {
		return fmt.Errorf("etcd's certificate authority: %w", err)
	}
	if s.virtual == nil {
		return nil
	}
	return s.virtual.describe(ctx, found)
}
