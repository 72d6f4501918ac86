# A proven stream that swallows a REGISTER before a ping finds it dead is
# replaced at once, as any other proven flow that fails.
account tcp expires 120 interval 300
come-up 120s
expect crlf within 0..1s
pong
expect register reused within 53s..66s
expect nothing for 31.9s
expect reason unproven
expect resolve within 1ms..400ms
expect reason no-answer
resolved 1
expect open
connected
expect register reused
reply 200 lease 120
expect registered yes
# the new one is not proven: now it is a failure like any other
expect crlf within 0..1s
expect options within 1s..1s
expect resolve within 9s..20s
