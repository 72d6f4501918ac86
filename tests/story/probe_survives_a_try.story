# A try of the better edge that fails leaves the proof as it was.
account tcp ponging expires 7200 probe 3000
start
expect resolve
resolved 2 ranked down 1
expect open
expect address 1
connected
expect register none
reply 200 lease 7200
pass 500ms
expect probe-on-flow within 0s..5s
probe-arrived
probe-answer 200
expect probe-close
expect reachable yes
expect aside within 1m..6m
expect resolve
resolved 2 ranked
expect open
refused connect-timeout
expect take-back
expect reachable yes
