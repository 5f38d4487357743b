using System.Collections.Frozen;

namespace FastEndpoints;

/// <summary>The title of each client error and the section of the RFC that defines it.</summary>
internal static class StatusTitles
{
    private const string Rfc7231 = "https://www.rfc-editor.org/rfc/rfc7231#section-6.5.";
    private const string Rfc6585 = "https://www.rfc-editor.org/rfc/rfc6585#section-";

    private static readonly FrozenDictionary<int, (string Title, string Type)> ByStatus = new Dictionary<int, (string Title, string Type)>
    {
        [400] = ("Bad Request", Rfc7231 + 1),
        [401] = ("Unauthorized", "https://www.rfc-editor.org/rfc/rfc7235#section-3.1"),
        [402] = ("Payment Required", Rfc7231 + 2),
        [403] = ("Forbidden", Rfc7231 + 3),
        [404] = ("Not Found", Rfc7231 + 4),
        [405] = ("Method Not Allowed", Rfc7231 + 5),
        [406] = ("Not Acceptable", Rfc7231 + 6),
        [407] = ("Proxy Authentication Required", "https://www.rfc-editor.org/rfc/rfc7235#section-3.2"),
        [408] = ("Request Timeout", Rfc7231 + 7),
        [409] = ("Conflict", Rfc7231 + 8),
        [410] = ("Gone", Rfc7231 + 9),
        [411] = ("Length Required", Rfc7231 + 10),
        [412] = ("Precondition Failed", "https://www.rfc-editor.org/rfc/rfc7232#section-4.2"),
        [413] = ("Payload Too Large", Rfc7231 + 11),
        [414] = ("URI Too Long", Rfc7231 + 12),
        [415] = ("Unsupported Media Type", Rfc7231 + 13),
        [416] = ("Range Not Satisfiable", "https://www.rfc-editor.org/rfc/rfc7233#section-4.4"),
        [417] = ("Expectation Failed", Rfc7231 + 14),
        [418] = ("I'm a Teapot", "https://datatracker.ietf.org/doc/html/rfc2324#section-2.3.2"),
        [421] = ("Misdirected Request", "https://www.rfc-editor.org/rfc/rfc7540#section-9.1.2"),
        [422] = ("Unprocessable Entity", "https://www.rfc-editor.org/rfc/rfc4918#section-11.2"),
        [423] = ("Locked", "https://www.rfc-editor.org/rfc/rfc4918#section-11.3"),
        [424] = ("Failed Dependency", "https://www.rfc-editor.org/rfc/rfc4918#section-11.4"),
        [425] = ("Too Early", "https://www.rfc-editor.org/rfc/rfc8470#section-5.2"),
        [426] = ("Upgrade Required", Rfc7231 + 15),
        [428] = ("Precondition Required", Rfc6585 + 3),
        [429] = ("Too Many Requests", Rfc6585 + 4),
        [431] = ("Request Header Fields Too Large", Rfc6585 + 5),
        [451] = ("Unavailable For Legal Reasons", "https://www.rfc-editor.org/rfc/rfc7725#section-3")
    }.ToFrozenDictionary();

    public static (string Title, string Type)? Of(int status)
        => ByStatus.TryGetValue(status, out var known) ? known : null;
}
