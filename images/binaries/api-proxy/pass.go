package main

import (
	"io"
	"net"
	"sync"
)

// pass connects a client with an API server until both have ended, or the pool leaves that server.
func pass(client net.Conn, all *pool) {
	defer func() { _ = client.Close() }()
	server, giveBack := all.connect()
	if server == nil {
		return
	}
	defer giveBack()
	var waiting sync.WaitGroup
	waiting.Go(func() { move(server, client) })
	waiting.Go(func() { move(client, server) })
	waiting.Wait()
}

// move copies until the source ends, and ends the target as well. If either fails, both are closed: the other direction is
// of no use then.
func move(target, source net.Conn) {
	_, err := io.Copy(target, source)
	if half, ok := target.(*net.TCPConn); err == nil && ok && half.CloseWrite() == nil {
		return
	}
	_ = target.Close()
	_ = source.Close()
}
