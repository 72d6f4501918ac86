# SCENARIOS T17: the registrar does not know us: REGISTER at once, but bounded.
account udp probe 600 ponging
come-up 2h
expect probe within 1s..3s
probe-answer 404
expect register within 0..5s
reply 200 lease 7200
# that did not help; the next REGISTER for it is an interval away
expect probe within 1s..6s
probe-answer 404
expect nothing for 8m
expect proof unknown

# 403: never again under this configuration
account udp probe 600 ponging
come-up 2h
expect probe within 1s..3s
probe-answer 403
expect proof refused
expect register within 500s..600s
reply 200 lease 7200
expect register within 500s..600s
reply 200 lease 7200

# refused from a stranger's address: over the flow, where it proves the binding
account udp probe 600 ponging
come-up 2h
expect probe within 1s..3s
probe-answer 482
expect probe-on-flow within 1s..1s
probe-arrived
probe-answer 200
expect proof proven
expect reachable yes
