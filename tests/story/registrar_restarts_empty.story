# SCENARIOS N9: the connection breaks, the host refuses for a while, then all
# is as before within a knock; no failure is counted meanwhile.
account tcp
come-up 3600s
expect crlf within 0..1s
pong
lost flow-lost
expect resolve within 1ms..250ms
resolved 1
expect open
refused connect-refused down 1
expect park
pass 1s
knock
expect open
refused connect-refused down 1
expect park
pass 1s
knock
expect open
connected
expect register reused
reply 401
expect register fresh
reply 200 lease 3600
expect registered yes
expect crlf within 0..1s
pong
# proven again, and the ten seconds are over: replaced at once
pass 15s
lost flow-lost
expect resolve within 1ms..250ms
