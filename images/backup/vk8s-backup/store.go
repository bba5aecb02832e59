package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// restic's exit codes: https://restic.readthedocs.io/en/v0.18.1/075_scripting.html#exit-codes.
const (
	exitNoRepository  = 10
	exitLocked        = 11
	exitWrongPassword = 12
)

const (
	// restic itself retries for a quarter of an hour, whatever the reason is.
	openTimeout = time.Minute
	stopTimeout = 5 * time.Second
)

// Kinds of failures that callers distinguish.
var (
	errLocked       = errors.New("another backup uses the repository")
	errNoRepository = errors.New("there is no repository")
)

// store is the repository of one virtual cluster.
type store struct {
	*backup
	environment []string
	options     []string
	// Whom restic runs as; nil: as this program.
	user *user
}

// user is somebody else, who may read and write everything nevertheless.
type user struct {
	uid, gid uint32
}

// openStore opens the repository, or creates it. An error says what the owner has to change.
func (b *backup) openStore(ctx context.Context) (*store, error) {
	s, err := b.prepareStore(ctx)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	err = s.run(limited, io.Discard, "", "cat", "config")
	if errors.Is(err, errNoRepository) {
		b.say("creating a repository in " + b.target())
		err = s.run(limited, io.Discard, "", "init")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.target(), err)
	}
	// Those of backups that were ended half an hour ago or more; they would keep old snapshots from being removed.
	return s, s.run(ctx, io.Discard, "", "unlock")
}

// prepareStore returns the repository, not opened yet, once what the owner provides is complete and the server answers.
// `options` are restic's, in addition to those of all calls.
func (b *backup) prepareStore(ctx context.Context, options ...string) (*store, error) {
	s := &store{backup: b}
	if err := s.readSecrets(); err != nil {
		return nil, err
	}
	s.options = append(s.options, options...)
	if b.s3.endpoint == "" {
		return s, nil
	}
	return s, b.checkEndpoint(ctx)
}

// readSecrets reads what the owner provides; restic gets the secrets by its environment only.
func (s *store) readSecrets() error {
	s.environment = append(os.Environ(), "RESTIC_REPOSITORY="+s.repository(), "TMPDIR="+s.work, "RESTIC_PROGRESS_FPS=0.01")
	s.options = []string{"--json", "--no-cache"}
	if s.passwordFile == "" {
		s.options = append(s.options, "--insecure-no-password")
	} else {
		password, err := readFile(s.passwordFile, "the Secret of spec.backup.passwordSecretRef, or its key, is missing or empty")
		if err != nil {
			return err
		}
		s.environment = append(s.environment, "RESTIC_PASSWORD="+password)
	}
	if s.s3.endpoint == "" {
		return nil
	}
	for _, key := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		value, err := readFile(
			s.s3.credentials+"/"+key, "the Secret of spec.backup.s3.credentialsSecretRef has no key "+key+", or does not exist",
		)
		if err != nil {
			return err
		}
		s.environment = append(s.environment, key+"="+value)
	}
	if s.s3.region != "" {
		s.options = append(s.options, "--option", "s3.region="+s.s3.region)
	}
	if s.s3.ca != "" {
		if _, err := readFile(s.s3.ca, "the ConfigMap of spec.backup.s3.caConfigMapRef, or its key, is missing or empty"); err != nil {
			return err
		}
		s.options = append(s.options, "--cacert", s.s3.ca)
	}
	return nil
}

// add stores the files of the directory and returns the name of the snapshot.
func (s *store) add(ctx context.Context, directory string) (string, error) {
	var said bytes.Buffer
	arguments := []string{
		"backup", "--host", s.about.Name, "--tag", "vk8s", "--tag", s.uidTag(), "--no-scan", "--group-by", "host,tags",
	}
	if s.isCold {
		arguments = append(arguments, "--tag", coldTag)
	}
	arguments = append(arguments, database, metadata)
	if err := s.run(ctx, &said, directory, arguments...); err != nil {
		return "", fmt.Errorf("%s: %w", s.target(), err)
	}
	if id := readSnapshotID(said.String()); id != "" {
		return id, nil
	}
	return "", errors.New("restic did not say which snapshot it stored")
}

// readSnapshotID returns the name of the snapshot that restic says it has stored; empty if it says nothing of one.
func readSnapshotID(said string) string {
	for line := range strings.Lines(said) {
		var summary struct {
			MessageType string `json:"message_type"`
			SnapshotID  string `json:"snapshot_id"`
		}
		if json.Unmarshal([]byte(line), &summary) == nil && summary.MessageType == "summary" && summary.SnapshotID != "" {
			return summary.SnapshotID[:8]
		}
	}
	return ""
}

func (s *store) uidTag() string {
	return "uid=" + s.about.UID
}

// verify reads the snapshot back and compares it with what was sent.
func (s *store) verify(ctx context.Context, id, sum string) error {
	read := sha256.New()
	if err := s.run(ctx, read, "", "dump", id, "/"+database); err != nil {
		return fmt.Errorf("%s: the snapshot can't be read back: %w", s.target(), err)
	}
	if hex.EncodeToString(read.Sum(nil)) != sum {
		return fmt.Errorf("%s: the snapshot that was read back differs from the one that was stored", s.target())
	}
	return nil
}

// prune removes all but the newest snapshots of this Vk8s, and the data that no other has. Cold backups count by
// themselves.
func (s *store) prune(ctx context.Context) error {
	err := s.run(
		ctx, io.Discard, "", "forget", "--retry-lock", s.lockTimeout.String(), "--host", s.about.Name, "--tag", "vk8s,"+s.uidTag(),
		"--group-by", "host,tags", "--keep-last", strconv.Itoa(s.keep), "--keep-tag", coldTag, "--prune",
	)
	if err != nil {
		return err
	}
	return s.pruneCold(ctx)
}

// run runs restic in a directory. An error is one line, in words of the owner's spec where the reason is known.
func (s *store) run(ctx context.Context, stdout io.Writer, directory string, arguments ...string) error {
	command := exec.CommandContext(ctx, s.restic, append(arguments, s.options...)...)
	command.Env, command.Dir, command.Stdout = s.environment, directory, stdout
	if s.user != nil {
		command.SysProcAttr = &syscall.SysProcAttr{
			Credential: &syscall.Credential{Uid: s.user.uid, Gid: s.user.gid}, AmbientCaps: []uintptr{unix.CAP_DAC_OVERRIDE},
		}
	}
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGINT) } // so that it removes its lock
	command.WaitDelay = stopTimeout
	var said bytes.Buffer
	command.Stderr = &said
	err := command.Run()
	var ended *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &ended):
		return explain(ended.ExitCode(), readReason(said.String()), ctx.Err())
	}
	return fmt.Errorf("restic can't be run: %w", err)
}
