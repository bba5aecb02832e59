package networkpolicies

import (
	"strings"

	"github.com/cloudnativelabs/kube-router/v2/pkg/utils"
)

// ownSets are the ipsets of the controller. The kernel may have others, of pods in the network of the node: those are not
// read, or the controller would write them again later, with what they contained before.
type ownSets struct {
	*utils.IPSet
}

// Save reads the sets from the kernel.
func (s *ownSets) Save() error {
	if err := s.IPSet.Save(); err != nil {
		return err
	}
	for name := range s.Sets() {
		if !strings.HasPrefix(name, "KUBE-SRC-") && !strings.HasPrefix(name, "KUBE-DST-") {
			delete(s.Sets(), name)
		}
	}
	return nil
}
