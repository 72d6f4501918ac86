# A connect that is quick races nobody, nor does one without a second family.
account tcp
start
expect resolve
resolved 2 families
expect open
pass 100ms
connected
expect register none
expect nothing for 10s

account tcp
start
expect resolve
resolved 2
expect open
expect nothing for 9s

# an edge that is known to be down is no rival
account tcp
start
expect resolve
resolved 2 families down 2
expect open
expect nothing for 9s

# who knocks at an edge that is down does it alone
account tcp
start
expect resolve
resolved 2 families down 3
expect park
pass 1s
knock
expect open
expect nothing for 9s
