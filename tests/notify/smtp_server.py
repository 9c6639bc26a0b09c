"""An SMTP server that is not ours: aiosmtpd, kind or not.

usage: smtp_server.py PORT FOLDER [OPTION=VALUE]...

Each message that is taken becomes FOLDER/N.eml, with the recipient on its first line.
Options: cert, key (files); tls=starttls or implicit; user, password; rcpt, data (what is
answered there, as in 550_no_such_user); data=hang takes the text and says no more.
"""
import asyncio
import os
import socket
import ssl
import sys
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

port, folder = int(sys.argv[1]), sys.argv[2]
options = dict(option.split("=", 1) for option in sys.argv[3:])


class Handler:
    count = 0

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if "rcpt" in options:
            return options["rcpt"].replace("_", " ")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        answer = options.get("data")
        if answer is not None and answer != "hang":
            return answer.replace("_", " ")
        Handler.count += 1
        path = os.path.join(folder, "%d.eml" % Handler.count)
        with open(path + ".new", "wb") as out:
            out.write((",".join(envelope.rcpt_tos) + "\n").encode())
            out.write(envelope.content)
        os.rename(path + ".new", path)
        if answer == "hang":
            await asyncio.sleep(30)
        return "250 OK"


def authenticator(server, session, envelope, mechanism, data):
    sound = (data.login.decode(), data.password.decode()) == (options["user"], options["password"])
    # handled=False leaves the answer to the server: 535 for a wrong password.
    return AuthResult(success=sound, handled=False)


arguments = {}
if "tls" in options:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(options["cert"], options["key"])
    if options["tls"] == "implicit":
        arguments["ssl_context"] = context
    else:
        arguments.update(tls_context=context, require_starttls=True)
if "user" in options:
    arguments.update(
        authenticator=authenticator,
        auth_required=True,
        auth_require_tls=options.get("tls") == "starttls",
    )
controller = Controller(Handler(), hostname="127.0.0.1", port=port, ready_timeout=20, **arguments)
if options.get("tls") == "implicit":
    # Its own look whether it is up asks for a certificate that everybody trusts.
    def look():
        trusting = ssl._create_unverified_context()
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
            with trusting.wrap_socket(plain, server_hostname="localhost") as encrypted:
                encrypted.recv(100)

    controller._trigger_server = look
controller.start()
print("ready", flush=True)
while True:
    time.sleep(3600)
