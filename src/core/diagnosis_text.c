/* The words of a diagnosis. */

#include "diagnosis.h"


const char *diagnosis_step_name(enum diagnosis_step s)
{
	switch (s) {

	case DIAGNOSIS_CONFIGURATION: return "configuration";
	case DIAGNOSIS_DNS:           return "dns";
	case DIAGNOSIS_CONNECT:       return "connect";
	case DIAGNOSIS_TLS:           return "tls";
	case DIAGNOSIS_REGISTER:      return "register";
	case DIAGNOSIS_MAPPING:       return "mapping";
	case DIAGNOSIS_BINDING:       return "binding";
	case DIAGNOSIS_PROBE:         return "probe";
	}

	return "?";
}


const char *diagnosis_result_name(enum diagnosis_result r)
{
	switch (r) {

	case DIAGNOSIS_OK:      return "ok";
	case DIAGNOSIS_WARNING: return "warning";
	case DIAGNOSIS_FAILED:  return "failed";
	case DIAGNOSIS_SKIPPED: return "skipped";
	}

	return "?";
}


static const char *failed_lead(enum diagnosis_step s)
{
	switch (s) {

	case DIAGNOSIS_CONFIGURATION: return "The configuration is wrong";
	case DIAGNOSIS_DNS:           return "DNS leads nowhere";
	case DIAGNOSIS_CONNECT:       return "No connection can be made";
	case DIAGNOSIS_TLS:           return "TLS fails";
	case DIAGNOSIS_REGISTER:      return "Registering fails";
	case DIAGNOSIS_MAPPING:       return "The way back is not right";
	case DIAGNOSIS_BINDING:       return "The binding is not right";
	case DIAGNOSIS_PROBE:         return "Calls do not arrive";
	}

	return "?";
}


const char *diagnosis_lead(enum diagnosis_step s, enum diagnosis_result r)
{
	if (r == DIAGNOSIS_FAILED)
		return failed_lead(s);

	switch (s) {

	case DIAGNOSIS_CONFIGURATION: return "The configuration is dubious";
	case DIAGNOSIS_DNS:           return "DNS is in trouble";
	case DIAGNOSIS_CONNECT:       return "Not every address can be reached";
	case DIAGNOSIS_TLS:           return "TLS works, but not for good";
	case DIAGNOSIS_REGISTER:      return "The registrar accepts us, but";
	case DIAGNOSIS_MAPPING:       return "The way back is dubious";
	case DIAGNOSIS_BINDING:       return "The bindings are not as they "
					     "should be";
	case DIAGNOSIS_PROBE:         return "It is not proven that calls "
					     "arrive";
	}

	return "?";
}


const char *remedy_text(enum remedy r)
{
	switch (r) {

	case REMEDY_NONE:
		return "";
	case REMEDY_ENABLE:
		return "Set enabled = true for it, then `sipregctl reload`.";
	case REMEDY_VERIFY:
		return "With tls.verify = \"none\" anybody on the way can pose "
		       "as the registrar and read everything: use "
		       "\"wildcard\" with tls.ca_file, or tls.pins.";
	case REMEDY_NAME:
		return "Look at the spelling of registrar and outbound_proxy; "
		       "if it is right, ask who runs that domain.";
	case REMEDY_DNS:
		return "The DNS servers do not answer, or not usefully: look "
		       "at /etc/resolv.conf or dns.servers, and at the way to "
		       "them.";
	case REMEDY_DNS_KEPT:
		return "It works by the last good answer: look at the DNS "
		       "servers before that one is too old.";
	case REMEDY_TRANSPORT:
		return "Set transport to one that this domain offers.";
	case REMEDY_PORT:
		return "The host is there, but nothing takes connections at "
		       "that port: look at port and transport; if both are "
		       "right the service there is down, or a firewall "
		       "refuses us.";
	case REMEDY_SILENCE:
		return "The host is down, or a firewall on the way drops our "
		       "packets: look at port, transport and firewalls, and "
		       "ask the provider.";
	case REMEDY_WAY:
		return "This machine has no way there: look at its addresses "
		       "and routes, and at source, interface and family of "
		       "the account.";
	case REMEDY_MACHINE:
		return "This machine could not open the socket: look at "
		       "source and interface of the account, and at its "
		       "limits of descriptors and memory.";
	case REMEDY_OTHER_EDGE:
		return "The account goes on by another address; tell the "
		       "provider about this one.";
	case REMEDY_TLS_FILE:
		return "Look at tls.ca_file, tls.certificate, tls.key and "
		       "tls.pins of the account.";
	case REMEDY_TLS_PORT:
		return "The port may not speak TLS, or not our versions: look "
		       "at port, transport and tls.min_version; if a client "
		       "certificate is wanted, at tls.certificate.";
	case REMEDY_CA:
		return "If this is the provider's own CA, get its certificate "
		       "by a way that you trust and name it as tls.ca_file; "
		       "else the server fails to send its whole chain, or is "
		       "not the registrar.";
	case REMEDY_SELF_SIGNED:
		return "If that is meant to be so, get the certificate by a "
		       "way that you trust and name it as tls.ca_file, or pin "
		       "its key with tls.pins.";
	case REMEDY_EXPIRED:
		return "Who runs the registrar has to renew it; if it should "
		       "be good, look at the clock of this machine.";
	case REMEDY_NOT_YET:
		return "Look at the clock of this machine.";
	case REMEDY_PIN:
		return "If the provider says that it has changed its key, put "
		       "the new one into tls.pins; else somebody poses as the "
		       "registrar.";
	case REMEDY_TLS_NAME:
		return "Write the registrar or proxy by a name that its "
		       "certificate is for, or say which one to expect with "
		       "tls.name.";
	case REMEDY_RENEW:
		return "Who runs the registrar should renew its certificate "
		       "now.";
	case REMEDY_SIP_SILENCE:
		return "Nothing answers SIP there: look at port and transport, "
		       "at firewalls on the way, and whether the provider "
		       "serves this domain there and from our address; over "
		       "UDP try transport = \"tcp\" or \"tls\".";
	case REMEDY_PASSWORD:
		return "The registrar wants credentials and none are "
		       "configured: set password, password_file or "
		       "credential.";
	case REMEDY_CREDENTIALS:
		return "Look at auth_user and password, as the provider has "
		       "given them, then `sipregctl reload`. Another "
		       "diagnosis will not try them again: some registrars "
		       "ban who does.";
	case REMEDY_HELD:
		return "Correct auth_user or password, as the provider has "
		       "given them, then `sipregctl reload`. Until then this "
		       "test does not try them, so that nobody is banned by "
		       "it.";
	case REMEDY_DIGEST:
		return "None of the offered algorithms may be used: look at "
		       "min_digest, or ask the provider for SHA-256 or MD5 "
		       "with qop auth.";
	case REMEDY_REALM:
		return "Set realm to the one that the registrar names, if that "
		       "is the provider's.";
	case REMEDY_FORBIDDEN:
		return "The registrar knows us and does not want us: the "
		       "account may be blocked or unpaid, our address not "
		       "allowed, the AOR not that of auth_user. Ask the "
		       "provider.";
	case REMEDY_AOR:
		return "The registrar does not know this AOR: look at user and "
		       "host of aor.";
	case REMEDY_STAY_AWAY:
		return "The registrar wants to be left alone for a while; the "
		       "account returns by itself, or at once by `sipregctl "
		       "register`.";
	case REMEDY_OVERLOAD:
		return "The trouble is on the registrar's side; the account "
		       "goes on trying by itself. If it lasts, tell the "
		       "provider.";
	case REMEDY_REJECTED:
		return "Compare aor, registrar, headers and expires with what "
		       "the provider asks for.";
	case REMEDY_CLOCK:
		return "One of the clocks is wrong: look at this machine's "
		       "(timedatectl).";
	case REMEDY_ALG:
		return "A router rewrites SIP: switch off its SIP ALG (or "
		       "\"SIP helper\"), or use transport = \"tls\".";
	case REMEDY_FLAPPING:
		return "The NAT gives another address for each packet: use "
		       "transport = \"tcp\" or \"tls\".";
	case REMEDY_PRIVATE:
		return "Calls go to an address that the registrar cannot "
		       "reach: leave contact.policy at \"auto\", or use "
		       "transport = \"tcp\" or \"tls\"; with \"static\" look "
		       "at contact.address.";
	case REMEDY_MOVED:
		return "The binding points to where we were: `sipregctl "
		       "register` sets it right at once; where it happens "
		       "often, use a shorter keepalive.interval or "
		       "transport = \"tls\".";
	case REMEDY_ABSENT:
		return "The registrar has lost our binding: `sipregctl "
		       "register` puts it back at once.";
	case REMEDY_GHOSTS:
		return "Old bindings of ours are left there, and calls may go "
		       "to them first: `sipregctl purge-ghosts`.";
	case REMEDY_LEFT_BEHIND:
		return "A binding of ours is left there though the account "
		       "does not run: it ends with its lease, and calls are "
		       "lost until then.";
	case REMEDY_FLOW:
		return "The flow does not live any more: `sipregctl "
		       "reconnect` makes a new one at once.";
	case REMEDY_PROBE:
		return "Calls do not come back to us: `sipregctl reconnect`; "
		       "if that is of no help look for a firewall or NAT that "
		       "forgets the flow.";
	case REMEDY_UNPROVEN:
		return "The Contact does not show that calls find us: leave "
		       "contact.policy at \"auto\", or use transport = "
		       "\"tcp\" or \"tls\"; a call from outside would prove "
		       "that all is well.";
	case REMEDY_RESUME:
		return "`sipregctl resume` ends the pause.";
	case REMEDY_REGISTER:
		return "`sipregctl register` tries again at once.";
	}

	return "";
}
