using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Games.Tests.FastEndpoints;

/// <summary>A user is whoever sends an X-User header: <c>claim=value, claim=value</c>.</summary>
internal sealed class HeaderAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string Name = "Header";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!Request.Headers.TryGetValue("X-User", out var user))
            return Task.FromResult(AuthenticateResult.NoResult());

        var claims = user.ToString()
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('='))
            .Select(pair => new Claim(pair[0] == "role" ? ClaimTypes.Role : pair[0], pair[1]));

        var identity = new ClaimsIdentity(claims, Name);
        return Task.FromResult(AuthenticateResult.Success(new(new(identity), Name)));
    }
}
