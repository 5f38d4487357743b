using System.Text.Encodings.Web;
using Games.Data;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Games.ServiceDefaults.Access;

/// <summary>Reads <c>Authorization: Bearer games_…</c> (RFC 6750). What the holder may do is said by the policies, one a scope.</summary>
internal sealed class ApiKeyHandler(
    KnownKeys keys, KeyUse use, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string Bearer = "Bearer";

    private const string Realm = "Bearer realm=\"games\"";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // Neither do the probes depend on the table of keys, nor does a flood of wrong keys come by them.
        if (Context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null
            || Request.Headers.Authorization is not [{ } header])
        {
            return AuthenticateResult.NoResult();
        }

        if (!header.StartsWith($"{Bearer} ", StringComparison.OrdinalIgnoreCase))
            return AuthenticateResult.NoResult();

        var text = header[Bearer.Length..].Trim();
        if (!ApiKeyText.IsWellFormed(text) || await keys.FindAsync(text, Context.RequestAborted) is not { } key)
            return AuthenticateResult.Fail("The key is unknown, revoked or expired.");

        await use.WriteAsync(key);

        return AuthenticateResult.Success(new(new Caller(key), Scheme.Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var wasGiven = Request.Headers.Authorization.Count > 0;
        Response.Headers.WWWAuthenticate = wasGiven ? $"{Realm}, error=\"invalid_token\"" : Realm;

        return RefuseAsync(
            StatusCodes.Status401Unauthorized,
            wasGiven
                ? "The key is unknown, revoked or expired, or is not sent as 'Authorization: Bearer games_…'."
                : "This needs a key, sent as 'Authorization: Bearer games_…'. An operator makes one: ./games keys create NAME");
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        // FastEndpoints adds a policy of its own to each endpoint.
        var scopes = Context.GetEndpoint()?.Metadata.GetOrderedMetadata<IAuthorizeData>()
            .Select(data => data.Policy).OfType<string>().Intersect(Scope.All) ?? [];

        return RefuseAsync(StatusCodes.Status403Forbidden, $"The key lacks the scope that this needs: {string.Join(", ", scopes)}.");
    }

    private Task RefuseAsync(int status, string detail) => Results.Problem(statusCode: status, detail: detail).ExecuteAsync(Context);
}
