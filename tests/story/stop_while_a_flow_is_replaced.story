# A stop in each phase of a replacement: the binding is removed over whatever
# there is, and nothing stays open.
account tcp interval 30 wait-replace
come-up 3600s
expect crlf within 0..1s
pong
# the doubt alone, which waits for its turn
expect crlf within 24s..30s
expect replace within 1s..1s
stop
expect leave reused
reply 200 absent
expect left
expect flow none
expect nothing for 1d

# while the name is asked, and while it connects: the elder is taken back for it
account tcp interval 30
come-up 3600s
expect crlf within 0..1s
pong
expect crlf within 24s..30s
expect aside within 1s..1s
expect resolve
stop
expect take-back
expect leave reused
reply 200 absent
expect left
expect flow none
expect elder none
expect nothing for 1d

account tcp interval 30
come-up 3600s
expect crlf within 0..1s
pong
expect crlf within 24s..30s
expect aside within 1s..1s
expect resolve
resolved 1
expect open
stop
expect take-back
expect leave reused
expect left within 5s..5s
expect flow none
expect elder none
expect nothing for 1d

# REGISTER in flight: its answer first, then over the new flow, which names the
# binding of the old one
account tcp interval 30
come-up 3600s
expect crlf within 0..1s
pong
expect crlf within 24s..30s
expect aside within 1s..1s
expect resolve
resolved 1
expect open
connected
expect register reused
stop
expect nothing for 1s
reply 200 lease 3600
expect leave
reply 200 absent
expect left
expect elder none
expect nothing for 1d

# replaced, and the elder still drains
account tcp interval 30
come-up 3600s
expect crlf within 0..1s
pong
expect crlf within 24s..30s
expect aside within 1s..1s
expect resolve
resolved 1
expect open
connected
expect register reused
reply 200 lease 3600
expect retire
stop
expect leave
reply 200 absent
expect left
expect elder none
expect nothing for 1d
