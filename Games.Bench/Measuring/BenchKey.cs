using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Games.Bench.Measuring;

/// <summary>
/// The key of the measured API, made in its database as <c>Games.Ops keys create</c> makes one. An implementation without keys gets one
/// that it does not look at.
/// </summary>
internal static class BenchKey
{
    private const string Insert = """
        insert into api_keys (id, name, hash, scopes, guilds, created_at, expires_at)
        values (gen_random_uuid(), $1, $2, '{games:read,games:write}', '{}', now(), now() + interval '1 day')
        """;

    public static async Task<string> CreateAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        var random = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var key = $"games_{random}";
        if (await database.ScalarAsync<bool>("select to_regclass('api_keys') is not null", ct))
            await database.ExecuteAsync(Insert, ct, $"bench {random[..8]}", SHA256.HashData(Encoding.UTF8.GetBytes(key)));

        return key;
    }
}
