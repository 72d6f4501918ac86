# UDP, automatic: OPTIONS while they are answered, every 20 to 25 s.
account udp
come-up 300s
expect options within 0..1s
options-answer
expect options within 20s..25s
options-answer
expect options within 20s..25s
# four tries lost in 3.5 s: suspect, and another socket takes its place. A NAT
# that keeps a mapping that it does not serve would never let the old one out.
expect aside within 3.5s..3.5s
expect resolve
expect elder suspect
expect reachable no
resolved 1
expect open
connected
expect register reused
expect named 1
reply 200 lease 300
expect retire
expect flow up
expect registered yes
expect options within 0..1s
options-answer
expect flow proven
expect elder-gone within 9s..10s
