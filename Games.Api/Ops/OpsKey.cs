using System.Security.Cryptography;
using System.Text;

namespace Games.Api.Ops;

/// <summary>
/// /ops exists for those alone who bring the key: for everybody else, and for all while no key is configured, every path below it is
/// answered as one that was never mapped, whatever its verb or content.
/// </summary>
internal static class OpsKey
{
    private const string Setting = "Ops:ApiKey";
    private const string Header = "X-Api-Key";

    public static void UseOpsKey(this WebApplication app)
    {
        var expected = app.Configuration[Setting] is { Length: > 0 } key ? Hash(key) : null;

        app.Use((context, next) =>
        {
            if (!context.Request.Path.StartsWithSegments("/ops") || IsKey(context.Request.Headers[Header].ToString()))
                return next(context);

            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });

        // Hashes are of one length, so that the time of the comparison tells neither the key's content nor its length.
        bool IsKey(string given) => expected is not null && CryptographicOperations.FixedTimeEquals(Hash(given), expected);

        static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
    }
}
