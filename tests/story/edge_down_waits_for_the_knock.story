# All addresses failed: no waits of its own, the edge's knock decides.
account tcp
come-up 600s
lost flow-lost
expect resolve within 1ms..250ms
resolved 1
expect open
refused connect-refused down 1
expect park
expect next knock
expect reason connect-refused
knock
expect open
refused connect-refused down 1
expect park
# the name is asked again now and then
expect resolve within 60s..60s
resolved 1 down 1
expect park
knock
expect open
connected
expect register reused
reply 200 lease 600
expect registered yes
