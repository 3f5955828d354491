/** nginx.conf, read as nginx reads it: a tree of directives with words and blocks. */

export interface Directive {
  readonly name: string
  readonly words: readonly string[]
  readonly block: readonly Directive[] | undefined
  readonly file: string
  readonly line: number
}

/** The configuration cannot be used; the text is what follows `[emerg]`. */
export class ConfigError extends Error {}

interface Token {
  readonly text: string
  readonly line: number
  readonly quoted: boolean
}

/** Parses one file; `include` is followed through `read`, which answers the files that a pattern matches. */
export function parseConfig(text: string, file: string, read: (pattern: string) => readonly { readonly path: string; readonly text: string }[], depth = 0): Directive[] {
  if (depth > 10) throw new ConfigError(`too many includes in ${file}`)
  const tokens = tokensOf(text, file)
  let at = 0
  const parseBlock = (nested: boolean, free: boolean): Directive[] => {
    const directives: Directive[] = []
    for (;;) {
      const first = tokens[at]
      if (!first) {
        if (nested) throw new ConfigError(`unexpected end of file, expecting "}" in ${file}:${tokens.at(-1)?.line ?? 1}`)
        return directives
      }
      if (!first.quoted && first.text === '}') {
        if (!nested) throw new ConfigError(`unexpected "}" in ${file}:${first.line}`)
        at++
        return directives
      }
      const words: string[] = []
      let block: Directive[] | undefined
      for (;;) {
        const token = tokens[at++]
        if (!token) throw new ConfigError(`unexpected end of file, expecting ";" or "}" in ${file}:${first.line}`)
        if (!token.quoted && token.text === ';') break
        if (!token.quoted && token.text === '{') {
          block = parseBlock(true, freeBlocks.has(words[0] ?? ''))
          break
        }
        if (!token.quoted && token.text === '}') throw new ConfigError(`unexpected "}" in ${file}:${token.line}`)
        words.push(token.text)
      }
      const [name, ...rest] = words
      if (name === undefined) throw new ConfigError(`unexpected ";" in ${file}:${first.line}`)
      if (name === 'include' && rest[0] !== undefined) {
        const included = read(rest[0])
        if (included.length === 0 && !/[*?[]/.test(rest[0])) {
          throw new ConfigError(`open() "${rest[0]}" failed (2: No such file or directory) in ${file}:${first.line}`)
        }
        for (const each of included) directives.push(...parseConfig(each.text, each.path, read, depth + 1))
        continue
      }
      if (!free && !knownDirectives.has(name)) throw new ConfigError(`unknown directive "${name}" in ${file}:${first.line}`)
      directives.push({ name, words: rest, block, file, line: first.line })
    }
  }
  return parseBlock(false, false)
}

/** What a backslash makes of the next character; before any other it stands for itself. */
const escapes: Readonly<Record<string, string>> = { '"': '"', "'": "'", '\\': '\\', n: '\n', t: '\t', r: '\r' }

let known = new Map<string, readonly Token[]>()
const knownMax = 200

/** The tokens of a file. Every server of an image reads the same files, and reads them anew at each start. */
function tokensOf(text: string, file: string): readonly Token[] {
  let tokens = known.get(text)
  if (!tokens) {
    tokens = tokenize(text, file)
    if (known.size >= knownMax) known = new Map()
    known.set(text, tokens)
  }
  return tokens
}

function tokenize(text: string, file: string): Token[] {
  const tokens: Token[] = []
  let line = 1
  let at = 0
  while (at < text.length) {
    const char = text[at]!
    if (char === '\n') {
      line++
      at++
    } else if (/\s/.test(char)) at++
    else if (char === '#') {
      while (at < text.length && text[at] !== '\n') at++
    } else if (char === ';' || char === '{' || char === '}') {
      tokens.push({ text: char, line, quoted: false })
      at++
    } else if (char === '"' || char === "'") {
      const start = line
      let value = ''
      at++
      for (;;) {
        if (at >= text.length) throw new ConfigError(`unexpected end of file, expecting "${char}" in ${file}:${start}`)
        const escaped = text[at] === '\\' ? escapes[text[at + 1] ?? ''] : undefined
        if (escaped !== undefined) {
          value += escaped
          at += 2
        } else if (text[at] === char) break
        else {
          if (text[at] === '\n') line++
          value += text[at++]
        }
      }
      at++
      tokens.push({ text: value, line, quoted: true })
    } else {
      let value = ''
      while (at < text.length && !/[\s;]/.test(text[at]!)) {
        // `${name}` belongs to the word; any other brace ends it.
        if (text[at] === '{' && !value.endsWith('$') && !/[~^(\\]/.test(value)) break
        if (text[at] === '}' && !value.includes('{')) break
        if (text[at] === '\\' && at + 1 < text.length) value += text[at++]
        value += text[at++]
      }
      tokens.push({ text: value, line, quoted: false })
    }
  }
  return tokens
}

/** Blocks whose lines are data, not directives. */
const freeBlocks = new Set(['types', 'map', 'geo', 'split_clients'])

/** Directives that are understood or can do no harm here. */
const knownDirectives = new Set(
  `user worker_processes worker_rlimit_nofile worker_cpu_affinity worker_shutdown_timeout error_log pid daemon master_process load_module env pcre_jit events worker_connections
  multi_accept use accept_mutex http stream mail include types default_type log_format access_log sendfile tcp_nopush tcp_nodelay keepalive_timeout keepalive_requests
  gzip gzip_types gzip_min_length gzip_comp_level gzip_vary gzip_proxied gzip_disable gzip_http_version gzip_buffers gzip_static server listen server_name server_tokens
  root alias index location return rewrite try_files error_page autoindex autoindex_exact_size autoindex_localtime add_header expires charset deny allow auth_basic
  auth_basic_user_file client_max_body_size client_body_buffer_size client_body_timeout client_header_timeout client_header_buffer_size large_client_header_buffers
  client_body_temp_path proxy_temp_path fastcgi_temp_path uwsgi_temp_path scgi_temp_path send_timeout reset_timedout_connection resolver resolver_timeout upstream
  proxy_pass proxy_set_header proxy_http_version proxy_redirect proxy_buffering proxy_buffer_size proxy_buffers proxy_busy_buffers_size proxy_read_timeout proxy_connect_timeout
  proxy_send_timeout proxy_hide_header proxy_pass_header proxy_cache proxy_cache_path proxy_cache_bypass proxy_no_cache proxy_cache_valid proxy_next_upstream proxy_ssl_verify
  proxy_ssl_server_name proxy_intercept_errors proxy_pass_request_headers proxy_pass_request_body proxy_request_buffering proxy_ignore_headers proxy_method proxy_bind
  least_conn ip_hash random hash keepalive zone set map geo split_clients if break internal stub_status ssl ssl_certificate ssl_certificate_key ssl_protocols ssl_ciphers
  ssl_prefer_server_ciphers ssl_session_cache ssl_session_timeout ssl_session_tickets ssl_client_certificate ssl_verify_client http2 limit_req limit_req_zone limit_conn
  limit_conn_zone limit_rate real_ip_header set_real_ip_from real_ip_recursive open_file_cache types_hash_max_size types_hash_bucket_size server_names_hash_bucket_size
  server_names_hash_max_size map_hash_bucket_size variables_hash_max_size log_not_found log_subrequest merge_slashes absolute_redirect port_in_redirect
  server_name_in_redirect sub_filter sub_filter_once etag if_modified_since fastcgi_pass fastcgi_param fastcgi_index fastcgi_split_path_info uwsgi_pass satisfy
  auth_request mirror msie_padding aio directio output_buffers chunked_transfer_encoding limit_except recursive_error_pages ssi js_import js_content ssl_preread proxy_timeout`.split(/\s+/),
)

/** The last directive of a name in a block. */
export function lastOf(block: readonly Directive[] | undefined, name: string): Directive | undefined {
  return block?.findLast((each) => each.name === name)
}

export function allOf(block: readonly Directive[] | undefined, name: string): readonly Directive[] {
  return block?.filter((each) => each.name === name) ?? []
}
