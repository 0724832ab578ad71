package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// clientEnvironment points clients at an endpoint that takes any credentials.
func clientEnvironment(endpoint, region, ledger string) []string {
	return append(endpointEnvironment(endpoint, region, ledger), "AWS_ACCESS_KEY_ID=tally", "AWS_SECRET_ACCESS_KEY=tally")
}

func endpointEnvironment(endpoint, region, ledger string) []string {
	env := []string{
		"AWS_ENDPOINT_URL_QLDB=" + endpoint,
		"AWS_ENDPOINT_URL_QLDB_SESSION=" + endpoint,
		"AWS_REGION=" + region,
		"AWS_EC2_METADATA_DISABLED=true",
	}
	if ledger != "" {
		env = append(env, fmt.Sprintf("TALLY_LEDGER_URL=qldb://%s?region=%s&endpoint=%s", ledger, region, endpoint))
	}
	return env
}

// printSettings prints what clients on this machine need.
func (o *serveOptions) printSettings(out io.Writer, addr net.Addr, tc *tls.Config) {
	name := o.ledger
	if name == "" {
		name = "LEDGER"
	}
	host, port, everywhere := clientHost(addr, tc)
	scheme := "http"
	if tc != nil {
		scheme = "https"
	}
	endpoint := scheme + "://" + net.JoinHostPort(host, port)
	fmt.Fprintf(out, "Tally serves QLDB's APIs at %s\n", endpoint)
	if everywhere {
		other := "this machine's name"
		if h, err := os.Hostname(); err == nil && h != "" {
			other += ", such as " + h + ","
		}
		fmt.Fprintf(out, "It listens on all interfaces (%s): on other machines, put %s in the place of %s.\n", addr, other, host)
	}
	fmt.Fprint(out, "\nEnvironment, for SDKs since the end of 2023:\n")
	for _, e := range endpointEnvironment(endpoint, o.region, o.ledger) {
		printExport(out, e)
	}
	credentials := "Any credentials do."
	if len(o.accessKeys) > 0 {
		id, file, _ := strings.Cut(o.accessKeys[0], ":")
		if abs, err := filepath.Abs(file); err == nil {
			file = abs
		}
		printExport(out, "AWS_ACCESS_KEY_ID="+id)
		fmt.Fprintf(out, "  export AWS_SECRET_ACCESS_KEY=\"$(cat %s)\"\n", shellWord(file))
		credentials = "Requests must be signed with the access key " + id
		for _, k := range o.accessKeys[1:] {
			id, _, _ := strings.Cut(k, ":")
			credentials += " or " + id
		}
		credentials += "."
	} else {
		printExport(out, "AWS_ACCESS_KEY_ID=tally")
		printExport(out, "AWS_SECRET_ACCESS_KEY=tally")
	}
	if tc != nil {
		credentials += fmt.Sprintf("\nA client that does not trust the certificate needs its issuer's in AWS_CA_BUNDLE (Node: NODE_EXTRA_CA_CERTS);\nthat is %s itself if it is self-signed.", o.tlsCert)
	}
	fmt.Fprintf(out, `
In code:
  Go      qldbsession.NewFromConfig(cfg, func(o *qldbsession.Options) { o.BaseEndpoint = aws.String(%[1]q) })
  Node    new QldbDriver(%[3]q, { region: %[2]q, endpoint: %[1]q })
  Python  QldbDriver(%[3]q, region_name=%[2]q, endpoint_url=%[1]q)
  Java    QldbSessionClient.builder().endpointOverride(URI.create(%[1]q)).region(Region.of(%[2]q))
  .NET    new AmazonQLDBSessionConfig { ServiceURL = %[1]q, AuthenticationRegion = %[2]q }
  Shell   qldb -l %[3]s -r %[2]s -s %[1]s
  CLI     aws qldb list-ledgers --endpoint-url %[1]s

%[4]s
Stop with Ctrl-C; a second one hurries it.
`, endpoint, o.region, name, credentials)
}

func printExport(out io.Writer, e string) {
	name, value, _ := strings.Cut(e, "=")
	fmt.Fprintf(out, "  export %s=%s\n", name, shellWord(value))
}

// shellWord is a text as one word of a shell, with quotes where it needs some.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:,@+[]", r)
	}
	if s != "" && strings.TrimFunc(s, plain) == "" && !strings.ContainsAny(s, "[]") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// clientHost is a host by which clients on this machine reach an address: with
// TLS one that the certificate is for, if it has one. everywhere says that the
// server listens on all interfaces.
func clientHost(addr net.Addr, tc *tls.Config) (host, port string, everywhere bool) {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String(), "", false
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host, everywhere = "127.0.0.1", true
	}
	if tc == nil {
		return host, port, everywhere
	}
	leaf, err := x509.ParseCertificate(tc.Certificates[0].Certificate[0])
	if err != nil || leaf.VerifyHostname(host) == nil {
		return host, port, everywhere
	}
	for _, name := range leaf.DNSNames {
		if !strings.Contains(name, "*") {
			return name, port, everywhere
		}
	}
	if len(leaf.IPAddresses) > 0 {
		host = leaf.IPAddresses[0].String()
	}
	return host, port, everywhere
}

// remoteWarning is what to know about an address that other machines can reach;
// "" where they cannot, or where all is done.
func (o *serveOptions) remoteWarning(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); !ok || tcp.IP.IsLoopback() {
		return ""
	}
	var missing []string
	if len(o.accessKeys) == 0 {
		missing = append(missing, "everybody there may read and write: give --access-key")
	}
	if o.tlsCert == "" {
		missing = append(missing, "what is sent can be read on the way: give --tls-cert and --tls-key")
	}
	if missing == nil {
		return ""
	}
	return fmt.Sprintf("other machines can reach %s; %s", addr, strings.Join(missing, "; "))
}
