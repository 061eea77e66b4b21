import PostalMime from "postal-mime";
import { SMTPServer, type SMTPServerEnvelope, type SMTPServerOptions } from "smtp-server";
import { portOf } from "../../../../core/base/network.ts";

/** A real SMTP server on this machine that keeps what it is sent, and refuses what it is told to refuse. */
export type MailSimulator = {
  /** Its port as an origin: what answers there speaks SMTP. */
  readonly url: string;
  /** The address for the settings, with user and password. */
  readonly smtp: string;
  readonly letters: readonly Letter[];
  /** The recipient is answered with this reply from now on; null: taken again. */
  refuse(address: string, reply: { readonly code: number; readonly text: string } | null): void;
  close(): Promise<void>;
};

export type Letter = {
  readonly at: Date;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly headers: { readonly [name: string]: string };
};

const MOST_KEPT = 200;

export async function startMailSimulator(options: {
  readonly secret: string;
  readonly port?: number;
  /** Whether it offers STARTTLS, with a certificate that nobody vouches for. */
  readonly hasTls?: boolean;
}): Promise<MailSimulator> {
  const letters: Letter[] = [];
  const refused = new Map<string, { readonly code: number; readonly text: string }>();
  const settings: SMTPServerOptions = {
    disabledCommands: options.hasTls === true ? [] : ["STARTTLS"],
    allowInsecureAuth: true,
    logger: false,
    onAuth({ username, password }, _session, callback) {
      if (username === "tributary" && password === options.secret) callback(null, { user: username });
      else callback(reply({ code: 535, text: "5.7.8 Authentication credentials invalid" }));
    },
    onRcptTo({ address }, _session, callback) {
      const why = refused.get(address);
      callback(why === undefined ? null : reply(why));
    },
    onData(stream, { envelope }, callback) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        void keep(Buffer.concat(chunks), envelope).finally(() => callback());
      });
    },
  };

  async function keep(source: Buffer, envelope: SMTPServerEnvelope): Promise<void> {
    const { subject, text, html, headers } = await PostalMime.parse(source);
    letters.push({
      at: new Date(),
      from: envelope.mailFrom === false ? "" : envelope.mailFrom.address,
      to: envelope.rcptTo.map(({ address }) => address),
      subject: subject ?? "",
      text: text ?? "",
      html: html ?? "",
      headers: Object.fromEntries(headers.map(({ key, value }) => [key, value])),
    });
    letters.splice(0, letters.length - MOST_KEPT);
  }
  const server = new SMTPServer(settings);
  // A client that gives up in the middle is its own business.
  server.on("error", () => undefined);
  const listening = server.listen(options.port ?? 0, "127.0.0.1");
  await new Promise<void>((resolve, reject) => {
    listening.once("listening", resolve);
    listening.once("error", reject);
  });
  const port = portOf(listening);
  return {
    url: `http://127.0.0.1:${port}`,
    smtp: `smtp://tributary:${encodeURIComponent(options.secret)}@127.0.0.1:${port}?tls=none`,
    letters,
    refuse: (address, why) => void (why === null ? refused.delete(address) : refused.set(address, why)),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function reply({ code, text }: { readonly code: number; readonly text: string }): Error {
  return Object.assign(new Error(text), { responseCode: code });
}
