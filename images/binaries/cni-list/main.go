// cni-list reads the CNI list of a node, in which plugins of others may be chained, and puts that of the previous boot in
// place. The node's scripts run it: nothing else in the node reads JSON.
//
//	subnet LIST             prints the subnet of this node's pods
//	restore FROM TO FOLDER  moves a list to where the kubelet looks for it, without plugins whose program is not in the
//	                        folder, and prints the names of these programs
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"vk8s.sktelecom.com/binaries/cnilist"
)

const failed = 1

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "cni-list: %v\n", err)
		os.Exit(failed)
	}
}

// run does what the arguments name.
func run(arguments []string, stdout io.Writer) error {
	switch {
	case len(arguments) == 2 && arguments[0] == "subnet":
		return printSubnet(arguments[1], stdout)
	case len(arguments) == 4 && arguments[0] == "restore":
		return restore(arguments[1], arguments[2], arguments[3], stdout)
	}
	return errors.New("usage: cni-list subnet LIST | restore FROM TO FOLDER")
}

func printSubnet(path string, stdout io.Writer) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	subnet, err := cnilist.Subnet(content)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	_, err = fmt.Fprintln(stdout, subnet)
	return err
}

// restore needs no room on the disk if nothing is left out.
func restore(from, to, folder string, stdout io.Writer) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	kept, missing, err := cnilist.KeepRunnable(content, folder)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	if len(missing) > 0 {
		if err := cnilist.Write(from, kept); err != nil {
			return err
		}
	}
	for _, program := range missing {
		fmt.Fprintln(stdout, program)
	}
	return os.Rename(from, to)
}
