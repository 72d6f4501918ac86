# DESIGN §4: late answers to it are ignored, and CSeq goes on.
account tcp interval 30 expires 70
come-up 70s
expect crlf within 0..1s
pong
expect crlf within 24s..30s
pong
expect register reused within 1s..15s
expect cseq 3
verify
expect crlf
expect aside within 1s..1s
expect resolve
expect state resolve
resolved 1
expect open
connected
expect register reused
expect cseq 4
reply 200 lease 3600
expect retire
expect state bound

# an order that waited for that one is carried out by the next
account tcp interval 30
come-up 3600s
expect crlf within 0..1s
pong
kick
expect register reused
kick
verify
expect crlf
expect aside within 1s..1s
expect resolve
resolved 1
expect open
connected
expect register reused
reply 200 lease 3600
expect retire
expect state bound
expect cseq 4
