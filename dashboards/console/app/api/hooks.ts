import {
  keepPreviousData,
  QueryClient,
  useInfiniteQuery,
  useMutation,
  type UseMutationResult,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from "@tanstack/react-query";
import { type Answer, ApiError, call, type Input, type Operation } from "./client.ts";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, error) => count < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 500),
      placeholderData: keepPreviousData,
    },
  },
});

/** What the API answers, kept while the page is open. `everyMs`: asked for again so often. */
export function useApi<Name extends Operation>(
  name: Name,
  input: Input<Name>,
  options: { readonly everyMs?: number | false; readonly enabled?: boolean } = {},
): UseQueryResult<Answer<Name>, Error> {
  return useQuery({
    queryKey: [name, input],
    queryFn: ({ signal }) => call(name, input, signal),
    refetchInterval: options.everyMs ?? false,
    enabled: options.enabled ?? true,
  });
}

/** Changes something; whatever is shown is asked for anew afterwards. */
export function useAct<Name extends Operation>(name: Name): UseMutationResult<Answer<Name>, Error, Input<Name>> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: Input<Name>) => call(name, input),
    onSettled: () => client.invalidateQueries(),
  });
}

type Page<Row> = { readonly data: readonly Row[]; readonly next_cursor: string | null };
type Listed = { [name in Operation]: Answer<name> extends Page<unknown> ? name : never }[Operation];
export type RowOf<Name extends Listed> = Answer<Name>["data"][number];

export type Pages<Row> = {
  readonly rows: readonly Row[];
  readonly isLoading: boolean;
  readonly error: Error | null;
  /** Null: all are there. */
  readonly more: (() => void) | null;
  readonly isLoadingMore: boolean;
};

/** A list that comes in pages, as far as it was asked for. */
export function usePages<Name extends Listed>(
  name: Name,
  input: Input<Name>,
  options: { readonly everyMs?: number; readonly enabled?: boolean } = {},
): Pages<RowOf<Name>> {
  const asked = useInfiniteQuery({
    queryKey: [name, input, "pages"],
    queryFn: ({ pageParam, signal }) =>
      call(
        name,
        { ...input, query: { ...input.query, ...(pageParam === "" ? {} : { cursor: pageParam }) } } as Input<Name>,
        signal,
      ) as Promise<Page<RowOf<Name>>>,
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: options.everyMs ?? false,
    enabled: options.enabled ?? true,
  });
  return {
    rows: asked.data?.pages.flatMap((page) => page.data) ?? [],
    isLoading: asked.isLoading,
    error: asked.error,
    more: asked.hasNextPage ? () => void asked.fetchNextPage() : null,
    isLoadingMore: asked.isFetchingNextPage,
  };
}

export function useMe(): UseQueryResult<Answer<"GET /me">, Error> {
  return useApi("GET /me", {}, { everyMs: false });
}

/** Whether the one who looks may change things. */
export function useIsAdmin(): boolean {
  return useMe().data?.role === "admin";
}
