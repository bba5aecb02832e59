package main

import (
	"errors"
	"strings"
	"testing"
)

func TestReasonIsInWordsOfTheSpec(t *testing.T) {
	for _, each := range []struct {
		code           int
		said, expected string
	}{
		{1, "open repository: no space left on device", "it has no room left (open repository: no space left on device)"},
		{1, "client.PutObject: Access Denied.", "the server rejects the credentials"},
		{1, "dial tcp 127.0.0.1:9: connect: connection refused", "the server does not answer"},
		{1, "x509: certificate signed by unknown authority", "spec.backup.s3.caConfigMapRef names its CA"},
		{1, "ReadFull(<data/0b55ed9d67>): file is too short", "the data there is damaged"},
		{1, "The specified bucket does not exist", "there is no such bucket"},
		{1, "something new", "something new"},
		{exitWrongPassword, "", "the password is not the one with which the repository was created"},
	} {
		if found := explain(each.code, each.said, nil).Error(); !strings.Contains(found, each.expected) {
			t.Errorf("%q is explained as %q, without %q", each.said, found, each.expected)
		}
	}
}

func TestMissingRepositoryAndLockAreToldApart(t *testing.T) {
	if err := explain(exitNoRepository, "", nil); !errors.Is(err, errNoRepository) {
		t.Error(err)
	}
	if err := explain(exitLocked, "", nil); !errors.Is(err, errLocked) {
		t.Error(err)
	}
}

func TestLastWordsAreOneLineAndShort(t *testing.T) {
	said := "Load(<key/1>) returned error, retrying\n" +
		`{"message_type":"exit_error","code":1,"message":"Fatal: unable to open\nconfig file"}` + "\n"
	if found := readReason(said); found != "unable to open config file" {
		t.Error(found)
	}
	if found := readReason(strings.Repeat("long ", 200)); len(found) > 410 {
		t.Error(len(found))
	}
}
