# A NAT that forgets after so long would have done so before: a flow that had
# survived longer silences died of something else, and nothing is learned.
account tcp interval 30 ponging expires 604800
come-up 7d
expect nothing for 1h
ponging no
expect crlf within 0..30s
expect aside within 1s..1s
expect resolve
resolved 1
expect open
connected
expect register reused
reply 200 lease 604800
expect retire
expect interval 30s..30s
expect interval-reason configured
# its successor has survived nothing so far
expect crlf within 0..1s
pong
expect crlf within 24s..30s
expect aside within 1s..1s
expect resolve
resolved 1
expect open
connected
expect register reused
reply 200 lease 604800
expect retire
expect interval 18s..22.5s
expect interval-reason learned
