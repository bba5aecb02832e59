package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// options are what the pod asks for.
type options struct {
	about          about
	kubeconfig     string
	etcd           string
	etcdFiles      string
	directory      string
	s3             s3
	passwordFile   string
	keep           int
	restic         string
	work           string
	terminationLog string
	// To fetch a snapshot: which one, into which directory, and where etcd would have its data.
	isFetch              bool
	snapshot, into, data string
	// Of a cold backup: whether this is its snapshot of etcd; or to store volumes, of which node and where they are, of
	// which backup, and of how many nodes it is.
	isCold, isVolumes bool
	node, volumes, of string
	nodes             int
	lockTimeout       time.Duration
	timeout           time.Duration
}

// s3 is a bucket, or none if it has no endpoint.
type s3 struct {
	endpoint, bucket, prefix, region string
	// Directory with the credentials, one file each, and file with the certificate authority of the endpoint.
	credentials, ca string
}

// about is what a snapshot says of the virtual cluster, as far as the hooks know it.
type about struct {
	Name           string `json:"name"`
	Namespace      string `json:"namespace"`
	UID            string `json:"uid"`
	PodNetworkCIDR string `json:"podNetworkCidr"`
	ServiceCIDR    string `json:"serviceCidr"`
	ClusterDomain  string `json:"clusterDomain"`
}

func parse(arguments []string, stderr io.Writer) (*options, error) {
	o := &options{}
	if len(arguments) > 0 && (arguments[0] == "fetch" || arguments[0] == "volumes") {
		o.isFetch, o.isVolumes, arguments = arguments[0] == "fetch", arguments[0] == "volumes", arguments[1:]
	}
	flags := flag.NewFlagSet("vk8s-backup", flag.ContinueOnError)
	flags.SetOutput(stderr)
	of := flags.String("about", "", "JSON that says which virtual cluster this is")
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "file with the kubeconfig of the virtual cluster")
	flags.StringVar(&o.etcd, "etcd", "", "URL of etcd, where it can be reached directly, as in tests")
	flags.StringVar(&o.etcdFiles, "etcd-credentials", "", "directory with ca.crt, tls.crt and tls.key for etcd")
	flags.StringVar(&o.directory, "directory", "", "directory to store snapshots in")
	flags.StringVar(&o.s3.endpoint, "s3-endpoint", "", "URL of an S3 server to store snapshots in")
	flags.StringVar(&o.s3.bucket, "s3-bucket", "", "bucket there")
	flags.StringVar(&o.s3.prefix, "s3-prefix", "", "prefix of all keys in the bucket")
	flags.StringVar(&o.s3.region, "s3-region", "", "region of the bucket")
	flags.StringVar(&o.s3.credentials, "s3-credentials", "", "directory with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	flags.StringVar(&o.s3.ca, "s3-ca", "", "file with the certificate authority of the S3 server")
	flags.StringVar(&o.passwordFile, "password-file", "", "file with the password; without it, anyone can decrypt")
	flags.IntVar(&o.keep, "keep", 0, "how many snapshots to keep")
	flags.StringVar(&o.restic, "restic", "/usr/local/bin/restic", "path of restic")
	flags.StringVar(&o.work, "work", "/run/vk8s", "directory for what is written in between")
	flags.StringVar(&o.terminationLog, "termination-log", "/dev/termination-log", "where to write the result")
	flags.StringVar(&o.snapshot, "snapshot", newest, "fetch: name of the snapshot")
	flags.StringVar(&o.into, "into", "", "fetch: directory to write it to")
	flags.StringVar(&o.data, "data", "", "fetch: directory of etcd; if it has data, nothing is fetched")
	flags.BoolVar(&o.isCold, "cold", false, "this snapshot belongs to a cold backup")
	flags.StringVar(&o.node, "node", "", "volumes, fetch: name of the node")
	flags.StringVar(&o.volumes, "volumes", "", "volumes, fetch: directory with the volumes of the node")
	flags.StringVar(&o.of, "of", "", "volumes: the snapshot that they belong to")
	flags.IntVar(&o.nodes, "nodes", 0, "volumes: how many nodes the backup is of")
	flags.DurationVar(&o.lockTimeout, "lock-timeout", 2*time.Minute, "how long to wait for another backup, before old snapshots are removed")
	flags.DurationVar(&o.timeout, "timeout", 20*time.Minute, "how long all of it may take")
	if err := flags.Parse(arguments); err != nil {
		return nil, flag.ErrHelp // flags has said why
	}
	if err := json.Unmarshal([]byte(*of), &o.about); err != nil {
		return nil, fmt.Errorf("--about: %w", err)
	}
	return o, o.check()
}

// check returns what is missing or wrong.
func (o *options) check() error {
	switch {
	case o.about.Name == "" || o.about.Namespace == "":
		return errors.New("--about: name and namespace have to be given")
	case (o.directory == "") == (o.s3.endpoint == ""):
		return errors.New("either --directory or --s3-endpoint has to be given")
	case o.s3.endpoint != "" && (o.s3.bucket == "" || o.s3.credentials == ""):
		return errors.New("--s3-bucket and --s3-credentials have to be given")
	case (o.node == "") != (o.volumes == ""):
		return errors.New("--node and --volumes have to be given together")
	case o.isFetch && o.node == "" && o.into == "":
		return errors.New("--into or --node has to be given")
	case o.isFetch && (o.into == "") != (o.data == ""):
		return errors.New("--into and --data have to be given together")
	case o.isFetch && o.into == "" && o.snapshot == newest:
		return errors.New("--snapshot has to be given without --into")
	case o.isFetch:
		return nil
	case o.about.UID == "":
		return errors.New("--about: uid has to be given")
	case o.isVolumes && (o.node == "" || o.of == "" || o.nodes < 1):
		return errors.New("--node, --volumes, --of and --nodes have to be given")
	case o.isVolumes:
		return nil
	case (o.kubeconfig == "") == (o.etcd == ""):
		return errors.New("either --kubeconfig or --etcd has to be given")
	case o.etcdFiles == "":
		return errors.New("--etcd-credentials has to be given")
	case o.keep < 1:
		return errors.New("--keep has to be 1 or more")
	}
	return nil
}

// path returns where the repository of this virtual cluster is within a target that others may share.
func (o *options) path() string {
	return filepath.Join(o.about.Namespace, o.about.Name)
}

// repository returns the target as restic names it.
func (o *options) repository() string {
	if o.directory != "" {
		return filepath.Join(o.directory, o.path())
	}
	return "s3:" + strings.TrimSuffix(o.s3.endpoint, "/") + "/" + filepath.Join(o.s3.bucket, o.s3.prefix, o.path())
}

// target returns the target in words of the owner's spec.
func (o *options) target() string {
	if o.directory != "" {
		return "the claim"
	}
	return fmt.Sprintf("bucket %s at %s", o.s3.bucket, o.s3.endpoint)
}

// What is different if a snapshot is only read: the field that the owner has written, and what to do about a problem.
var ofFetch = strings.NewReplacer(
	"spec.backup.", "spec.restoreFrom.",
	"no right to read, write and delete there", "no right to read there",
	"write another prefix or claim, and look at it with", "write another snapshot, and look at the data with",
)

// name returns an error in words of the field that the owner has written.
func (o *options) name(err error) error {
	if !o.isFetch {
		return err
	}
	return errors.New(ofFetch.Replace(err.Error()))
}

// readFile returns the content of a file that the owner provides; `missing` says what to do if there is none.
func readFile(path, missing string) (string, error) {
	content, err := os.ReadFile(path)
	text := strings.TrimSpace(string(content))
	switch {
	case errors.Is(err, os.ErrNotExist) || (err == nil && text == ""):
		return "", errors.New(missing)
	case err != nil:
		return "", err
	}
	return text, nil
}
