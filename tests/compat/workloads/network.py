"""TCP and TLS: real servers and clients, and a network that loses or drops."""
import contextlib
import time

from tools import background, copy_of, sh, tool, wait

PORT = 8077
LISTENER = """import socket, sys
s = socket.socket(); s.setsockopt(1, 2, 1); s.bind((sys.argv[1], %d)); s.listen(7)
while True: s.accept()""" % PORT


@contextlib.contextmanager
def nginx(place):
    program, directory = copy_of("nginx", place, "peer_nginx"), place.directory
    with open(directory + "/nginx.conf", "w") as file:
        file.write(f"""daemon off; master_process off; pid {directory}/pid; error_log {directory}/error.log;
events {{ }}
http {{
  access_log off; client_body_temp_path {directory}/1; proxy_temp_path {directory}/2; fastcgi_temp_path {directory}/3;
  uwsgi_temp_path {directory}/4; scgi_temp_path {directory}/5;
  server {{ listen {PORT}; listen [::1]:{PORT}; root {directory}; }}
}}""")
    sh(f"head -c 20000 /dev/zero >{directory}/page; chmod 755 {directory}")
    with background(f"{program} -e {directory}/error.log -c {directory}/nginx.conf",
                    until=f"curl -s -o /dev/null http://127.0.0.1:{PORT}/page"):
        yield


def fetch(place):
    program = f"{place.directory}/peer_curl"
    for host in ("127.0.0.1", "[::1]", "127.0.0.1"):
        sh(f"{program} -s -o /dev/null http://{host}:{PORT}/page")


@contextlib.contextmanager
def other_network():
    """10.77.0.1 here, 10.77.0.2 in another network namespace, behind the interface peer0."""
    sh("""set -e; ip netns add peer; ip link add peer0 type veth peer name peer1 address 02:00:00:00:77:02
ip link set peer1 netns peer; ip addr add 10.77.0.1/24 dev peer0; ip link set peer0 up
ip netns exec peer ip addr add 10.77.0.2/24 dev peer1; ip netns exec peer ip link set peer1 up
ip neigh replace 10.77.0.2 lladdr 02:00:00:00:77:02 dev peer0""")
    try:
        yield
    finally:
        sh("ip link del peer0; ip netns del peer", check=False)


def connect(address, seconds):
    """A client that gives up after a while."""
    sh(f"""timeout {seconds} python3 -c 'import socket; socket.create_connection(("{address}", {PORT}))'""", check=False)


@tool(keep=r"peer_nginx|^TIME|^Tracing", normalise="clock")
def tcpaccept(place):
    copy_of("curl", place, "peer_curl")
    with nginx(place):
        yield
        fetch(place)
        yield r"(?:.*peer_nginx.*\n+){3}"


@tool(keep=r"peer_curl|^TIME|^Tracing", normalise="clock")
def tcpconnect(place):
    copy_of("curl", place, "peer_curl")
    with nginx(place):
        yield
        fetch(place)
        yield r"(?:.*peer_curl.*\n+){3}"


@tool(keep=r"peer_|^PID", normalise="last-number")
def tcplife(place):
    copy_of("curl", place, "peer_curl")
    with nginx(place):
        yield
        fetch(place)
        yield r"(?:.*peer_.*\n+){6}"


@tool(keep=r"10\.77\.0\.2|^TIME|^Tracing", normalise="clock")
def tcpretrans(place):
    with other_network():
        sh("modprobe sch_netem")
        sh("tc qdisc add dev peer0 root netem loss 100%")
        yield
        connect("10.77.0.2", 4)
        yield r"(?:.*10\.77\.0\.2.*\n+){2}"


# 0.17 misses a header that it does not need.
@tool(keep=r"10\.77\.0\.2|^ {8}\S|^TIME|^Tracing", normalise="clock one-stack",
      peer_script=[("#include <sys/socket.h>", "#define AF_INET 2\n#define AF_INET6 10"),
                   ("SKB_DROP_REASON_NOT_SPECIFIED", "2")])
def tcpdrop(place):
    with other_network():
        sh("modprobe cls_matchall; modprobe act_gact; modprobe sch_ingress", check=False)
        sh("tc qdisc add dev peer0 clsact; tc filter add dev peer0 egress matchall action drop")
        yield
        connect("10.77.0.2", 2)
        yield r"10\.77\.0\.2:8077"


@tool(keep=r"backlog|^\[|^Tracing", normalise="")
def tcpsynbl(place):
    with background(f"python3 -c '{LISTENER}' 127.0.0.1"):
        wait(f"ss -ltn | grep -q :{PORT}", "the listener")
        yield
        for _ in range(6):
            connect("127.0.0.1", 5)
        yield


@contextlib.contextmanager
def tls_server(place):
    program, directory = copy_of("openssl", place, "peer_tls"), place.directory
    sh(f"openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=peer -keyout {directory}/key -out {directory}/cert")
    with background(f"{program} s_server -quiet -accept {PORT} -cert {directory}/cert -key {directory}/key -www"):
        wait(f"ss -ltn | grep -q :{PORT}", "the server")
        yield


def say_hello(place):
    program = f"{place.directory}/peer_tls"
    sh(f"(printf 'GET / HTTP/1.0\\r\\n\\r\\n'; sleep 1) | {program} s_client -quiet -connect 127.0.0.1:{PORT}", check=False)


@tool(keep=r"peer_tls|^TIME|^Tracing", normalise="times-of-events tls-latency tls-function sort")
def sslsnoop(place):
    with tls_server(place):
        yield
        say_hello(place)
        yield r"peer_tls.*SSL_write"


@tool(keep=r"^@|^\[|^\(|^Latency|^Tracing", normalise="bars-gone stat-numbers tls-function sort unique")
def ssllatency(place):
    with tls_server(place):
        yield
        say_hello(place)
        time.sleep(1)
        yield
