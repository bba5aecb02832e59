#!/bin/sh
# kind starts its nodes without a command.
exec /usr/local/bin/entrypoint /sbin/init
