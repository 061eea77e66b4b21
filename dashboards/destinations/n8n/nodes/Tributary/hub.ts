import type {
  IDataObject,
  IExecuteFunctions,
  IHookFunctions,
  IHttpRequestOptions,
  ILoadOptionsFunctions,
  INodePropertyOptions,
} from "n8n-workflow";
import { NodeApiError, NodeOperationError } from "n8n-workflow";
import { type AppList, type AppRow, foundIn, isAnswer, problemText, textOf } from "./contract.ts";

/** Requests to the hub: where they go, and what its answers mean to people. The credential adds the proof. */
export type Asking = IExecuteFunctions | IHookFunctions | ILoadOptionsFunctions;

export type Asked = {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly qs?: IDataObject;
  readonly body?: AppRow;
  /** Statuses that are no error here. */
  readonly takes?: readonly number[];
  /** Of several items, the one that it is for. */
  readonly itemIndex?: number;
};

/** Asks the API. @param path below `/api/v1`. @throws NodeApiError with the hub's sentence, NodeOperationError for an address that may not be */
export async function ask(from: Asking, path: string, asked: Asked = {}): Promise<AppRow> {
  const { method = "GET", qs = {}, body, takes = [], itemIndex } = asked;
  const place = itemIndex === undefined ? {} : { itemIndex };
  // A trigger and a drop-down have no item.
  const way = (from as IHookFunctions).getNodeParameter("authentication", 0) as string;
  const credential = way === "oAuth2" ? "tributaryOAuth2Api" : "tributaryApi";
  const { baseUrl } = await from.getCredentials(credential);
  const problem = addressProblem(textOf(baseUrl));
  if (problem !== null) throw new NodeOperationError(from.getNode(), problem, place);
  const options: IHttpRequestOptions = {
    method,
    url: `${new URL(textOf(baseUrl)).origin}/api/v1${path}`,
    qs,
    json: true,
    // A redirect may lead to somebody else, and the proof would go along.
    disableFollowRedirect: true,
    returnFullResponse: true,
    ignoreHttpStatusErrors: true,
    ...(body === undefined ? {} : { body: { ...body } as IDataObject }),
  };
  // With `returnFullResponse` n8n gives these.
  const response = (await from.helpers.httpRequestWithAuthentication.call(from, credential, options)) as {
    readonly statusCode: number;
    readonly body: unknown;
  };
  const { statusCode, body: answer } = response;
  const isRefused = statusCode >= 300 && !takes.includes(statusCode);
  if (isRefused || !isAnswer(method, answer)) {
    const message = problemText(statusCode, answer);
    throw new NodeApiError(
      from.getNode(),
      { message },
      {
        message,
        httpCode: String(statusCode),
        ...place,
      },
    );
  }
  return answer;
}

const PRIVATE =
  /^(localhost|[^.]+|.*\.(local|internal|lan|home|corp|localhost)|127\..*|10\..*|192\.168\..*|172\.(1[6-9]|2\d|3[01])\..*|\[(::1|f[cd].*)\])$/;

/** Why it is no address that a proof may be sent to; null: it is one. */
export function addressProblem(text: string): string | null {
  if (!URL.canParse(text))
    return "The hub address in the credential is no address. Write it whole: https://hub.example.com.";
  const { protocol, username, password, hostname } = new URL(text);
  if (username !== "" || password !== "") return "The hub address in the credential holds a user name or password.";
  if (protocol === "https:" || (protocol === "http:" && PRIVATE.test(hostname))) return null;
  return "The hub address in the credential has to begin with https://, except in a private network.";
}

/** Up to a thousand rows of a list, over its pages. */
export async function listAll(from: Asking, path: string): Promise<readonly AppRow[]> {
  const rows: AppRow[] = [];
  let cursor: unknown = null;
  do {
    const page = await ask(from, path, cursor === null ? {} : { qs: { cursor: textOf(cursor) } });
    rows.push(...foundIn(page));
    cursor = page["next_cursor"] ?? null;
  } while (cursor !== null && rows.length < 1_000);
  return rows;
}

type Loader = (this: ILoadOptionsFunctions) => Promise<INodePropertyOptions[]>;

function loader(path: string, optionOf: (row: AppRow) => readonly [value: unknown, name: unknown] | null): Loader {
  return async function load() {
    const options = (await listAll(this, path)).flatMap((row) => {
      const option = optionOf(row);
      return option === null ? [] : [{ value: textOf(option[0]), name: textOf(option[1]) }];
    });
    return options.sort((left, right) => left.name.localeCompare(right.name));
  };
}

/** What fills the drop-downs, by list. */
export const LOADERS: { readonly [list in AppList]: Loader } = {
  pipelines: loader("/pipelines", ({ name }) => [name, name]),
  kpis: loader("/kpis", ({ id, title }) => [id, title]),
  // A rep is written by the address, by which the hub knows them in every tool.
  reps: loader("/reps?limit=200", ({ id, name, email }) => [email ?? name ?? id, name ?? email ?? id]),
  connections: loader("/connections?limit=200", ({ id, title, connector }) =>
    connector === "inbound" ? [id, `${textOf(title)} (${textOf(id)})`] : null,
  ),
};

/** By the names that properties have for them. */
export const loadOptions: { [method: string]: Loader } = Object.fromEntries(
  Object.entries(LOADERS).map(([list, load]) => [loaderName(list), load]),
);

export function loaderName(list: string): string {
  return `get${list.charAt(0).toUpperCase()}${list.slice(1)}`;
}
