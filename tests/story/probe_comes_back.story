# SCENARIOS T17: the probe was looped back by the registrar: reachable, proven,
# whatever addresses may say. Again every interval; one that answers 200 without
# an arrival proves nothing.
account udp verify 7200 probe 600 ponging
come-up 2h
expect reachable unknown
expect reason unproven
expect probe within 1s..3s
probe-arrived
probe-answer 200
expect probe-close
expect reachable yes
expect evidence probe
expect reason ok
expect proof proven
expect probe within 530s..670s
probe-arrived
probe-answer 200
expect evidence probe
expect probe within 530s..670s
probe-answer 200
expect reachable yes
# it used to come back: once more after a REGISTER, then it is lost
expect register
reply 200 lease 7200
expect probe within 1s..8s
expect probe-close within 8s..8s
expect reachable no
expect reason probe-lost
expect proof lost
expect probe within 500s..670s
probe-arrived
expect reachable yes
expect reason ok

# the flow was doubted, and then taken back: what was proved is proved again
account tcp interval 30 probe 600
come-up 2h
expect crlf within 0..1s
pong
expect probe-on-flow within 0..3s
probe-arrived
probe-answer 200
expect evidence probe
expect crlf within 20s..30s
expect aside within 1s..1s
expect resolve
expect proof unknown
elder-pong
expect take-back
expect reachable unknown
expect probe-on-flow within 1s..3s
probe-arrived
expect evidence probe
expect reachable yes
