#!/bin/sh
# Becomes an openssl s_server on a free port: its process id is in the file pid, its words are in the file said.
set -eu
cd "$1"
echo "$$" > pid
exec openssl s_server -accept 127.0.0.1:0 -cert served.crt -key server.key -www < /dev/null > said 2>&1
