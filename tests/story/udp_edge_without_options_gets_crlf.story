# An edge that answers no OPTIONS is no dead edge: CRLF from then on.
account udp
start
expect resolve
resolved 1
expect open
connected
expect register
reply 200 lease 3600
expect options within 0..1s
expect crlf within 3.5s..3.5s
expect crlf within 16s..25s
expect crlf within 20s..25s
expect reachable unknown
expect registered yes
