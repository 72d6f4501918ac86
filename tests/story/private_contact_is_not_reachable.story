# The failure of the origin story: registered, and no call can come.
account udp
start
expect resolve
resolved 1
expect open
connected
expect register
reply 200 lease 300 mapped 194.64.145.30 contact 192.168.88.33
expect registered yes
expect reachable no
expect reason binding-private
# until somebody's request proves otherwise
inbound
expect reachable yes
expect reason ok
