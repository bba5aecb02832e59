package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"time"

	"github.com/miekg/dns"
)

const nameTimeout = 2 * time.Second

var errNoAnswer = errors.New("no name server answers")

// names finds the addresses of the API servers. It asks the name servers itself: on this machine, the hosts file leads
// the name of the endpoint to api-proxy.
type names struct {
	servers, endpoint, resolver, port string

	said string // why the last question failed
}

// find returns the addresses; none if no name server answers, or neither name exists.
func (n *names) find(ctx context.Context) []string {
	for _, name := range []string{n.servers, n.endpoint} {
		addresses, err := n.resolve(ctx, name)
		if err != nil {
			n.say(fmt.Sprintf("can't resolve %s: %v", name, err))
			return nil
		}
		if len(addresses) > 0 {
			n.said = ""
			return addresses
		}
	}
	n.say(fmt.Sprintf("neither %s nor %s exists", n.servers, n.endpoint))
	return nil
}

// say logs a failure once, and not every few seconds.
func (n *names) say(failure string) {
	if failure != n.said {
		log.Print(failure)
	}
	n.said = failure
}

// resolve returns the addresses of a name, of both families; none if it does not exist. It is completed as the
// resolver's file says.
func (n *names) resolve(ctx context.Context, name string) ([]string, error) {
	config, err := dns.ClientConfigFromFile(n.resolver)
	if err != nil {
		return nil, err
	}
	config.Port = n.port
	for _, full := range config.NameList(name) {
		var found []string
		for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
			addresses, err := askServers(ctx, config, full, kind)
			if err != nil {
				return nil, err
			}
			found = append(found, addresses...)
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	return nil, nil
}

// askServers asks the name servers one after the other, the last time over TCP if the answer is cut off.
func askServers(ctx context.Context, config *dns.ClientConfig, name string, kind uint16) ([]string, error) {
	question := new(dns.Msg).SetQuestion(name, kind).SetEdns0(1232, false)
	for _, address := range config.Servers {
		target := net.JoinHostPort(address, config.Port)
		answer, _, err := (&dns.Client{Timeout: nameTimeout}).ExchangeContext(ctx, question, target)
		if err == nil && answer.Truncated {
			answer, _, err = (&dns.Client{Net: "tcp", Timeout: nameTimeout}).ExchangeContext(ctx, question, target)
		}
		if err != nil || (answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError) {
			continue
		}
		return readAddresses(answer), nil
	}
	return nil, errNoAnswer
}

func readAddresses(answer *dns.Msg) []string {
	var found []string
	for _, record := range answer.Answer {
		switch record := record.(type) {
		case *dns.A:
			found = append(found, record.A.String())
		case *dns.AAAA:
			found = append(found, record.AAAA.String())
		}
	}
	return found
}
