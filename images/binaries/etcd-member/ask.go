package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
)

const (
	// So long one member may take to answer: one of a host that is gone never does.
	readTimeout = 3 * time.Second
	// So long one may take to change the membership: longer than etcd itself waits for the others.
	changeTimeout = 10 * time.Second
)

// errAlone is the answer of a Service that has this node and no other.
var errAlone = errors.New("the Service has no other control-plane node")

// answer is a list of members that a quorum has confirmed, and the URL of the one that gave it.
type answer struct {
	members []*member
	from    string
}

// ask sends a request to one member and to no other, once.
func (n *node) ask(ctx context.Context, endpoint string, request func(context.Context, *clientv3.Client) error) error {
	client, err := clientv3.New(clientv3.Config{
		Endpoints: []string{endpoint}, TLS: n.tls, Context: ctx, Logger: zap.NewNop(), MaxUnaryRetries: 1,
		DialOptions: []grpc.DialOption{
			grpc.WithChainUnaryInterceptor(failFast),
			grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.DefaultConfig, MinConnectTimeout: readTimeout}),
			grpc.WithNoProxy(), // members are pods
		},
	})
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	return request(ctx, client)
}

// failFast ends a request with the reason why there is no connection; etcd's client would try until its time is over.
func failFast(
	ctx context.Context, method string, request, reply any, connection *grpc.ClientConn, invoke grpc.UnaryInvoker,
	options ...grpc.CallOption,
) error {
	return invoke(ctx, method, request, reply, connection, append(options, grpc.WaitForReady(false))...)
}

// listOthers returns where to ask other members: at the addresses of the Service, and where members say that clients
// reach them. Names are looked up each time, as pods move.
func (n *node) listOthers(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, n.service)
	endpoints := slices.Clone(n.known)
	own, isListed := net.ParseIP(n.address), false
	for _, address := range addresses {
		if own.Equal(net.ParseIP(address)) {
			isListed = true
			continue
		}
		endpoints = append(endpoints, n.clientURL(address))
	}
	slices.Sort(endpoints)
	endpoints = slices.Compact(endpoints)
	switch {
	case len(endpoints) > 0:
		return endpoints, nil
	case isListed:
		return nil, waiting{"another control-plane node", errAlone}
	}
	return nil, waiting{"the addresses of the control-plane nodes", err}
}

// readMembers asks all these members at once and returns the first list that a quorum has confirmed.
func (n *node) readMembers(ctx context.Context, endpoints []string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	type reply struct {
		answer
		err error
	}
	replies := make(chan reply, len(endpoints))
	for _, endpoint := range endpoints {
		go func() {
			var members []*member
			err := n.ask(ctx, endpoint, func(ctx context.Context, client *clientv3.Client) error {
				response, err := client.MemberList(ctx)
				if err == nil {
					members = response.Members
				}
				return err
			})
			replies <- reply{answer{members, endpoint}, err}
		}()
	}
	var failures []string
	for range endpoints {
		each := <-replies
		if each.err == nil {
			n.learn(each.members)
			return each.answer, nil
		}
		failures = append(failures, fmt.Sprintf("%s: %s", each.from, shorten(each.err)))
	}
	slices.Sort(failures)
	return answer{}, waiting{"a member of etcd that has a quorum", errors.New(strings.Join(failures, "; "))}
}

// learn keeps where members say that clients reach them.
func (n *node) learn(members []*member) {
	n.known = nil
	for _, each := range members {
		if !n.isOwn(each) {
			n.known = append(n.known, each.ClientURLs...)
		}
	}
}

// readMembersOfOthers returns the members as others list them.
func (n *node) readMembersOfOthers(ctx context.Context) (answer, error) {
	endpoints, err := n.listOthers(ctx)
	if err != nil {
		return answer{}, err
	}
	return n.readMembers(ctx, endpoints)
}

// readMembersOfAnybody returns the members as others or the local member list them: that may be the only one.
func (n *node) readMembersOfAnybody(ctx context.Context) (answer, error) {
	endpoints, _ := n.listOthers(ctx)
	return n.readMembers(ctx, append(endpoints, n.local))
}

// changeThroughOthers asks one of the others after the other to change the membership, until one has: etcd judges by
// the connections of the member that is asked. The error is that of the first: the one that has just answered, if that
// is among them.
func (n *node) changeThroughOthers(
	ctx context.Context, first string, request func(context.Context, *clientv3.Client) error,
) error {
	endpoints, err := n.listOthers(ctx)
	if err != nil {
		return err
	}
	if at := slices.Index(endpoints, first); at > 0 {
		endpoints = slices.Concat([]string{first}, endpoints[:at], endpoints[at+1:])
	}
	var refused error
	for _, endpoint := range endpoints {
		err := n.change(ctx, endpoint, request)
		if err == nil {
			return nil
		}
		if refused == nil {
			refused = err
		}
	}
	return refused
}

// change asks one member to change the membership.
func (n *node) change(
	ctx context.Context, endpoint string, request func(context.Context, *clientv3.Client) error,
) error {
	ctx, cancel := context.WithTimeout(ctx, changeTimeout)
	defer cancel()
	return n.ask(ctx, endpoint, request)
}

// readStatus returns what a member says of itself; learners, and members without quorum, answer as well.
func (n *node) readStatus(ctx context.Context, endpoint string) (*clientv3.StatusResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	var found *clientv3.StatusResponse
	err := n.ask(ctx, endpoint, func(ctx context.Context, client *clientv3.Client) error {
		response, err := client.Status(ctx, endpoint)
		found = response
		return err
	})
	return found, err
}
