# UDP, automatic: OPTIONS while they are answered, every 20 to 25 s.
account udp
come-up 300s
expect options within 0..1s
options-answer
expect options within 20s..25s
options-answer
expect options within 20s..25s
# four tries lost in 3.5 s: suspect, and the registrar is asked
expect register within 3.5s..3.5s
expect flow suspect
expect reachable no
reply 200 lease 300
expect flow proven
expect registered yes
