using System.Net;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Api;

/// <summary>The database answers and takes nothing: that is no fault of the caller, and no bug of ours.</summary>
public sealed class DatabaseOutOfOrderTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Theory]
    [InlineData("alter database {0} set default_transaction_read_only = on", "alter database {0} reset default_transaction_read_only")]
    [InlineData("alter table games rename to hidden", "alter table hidden rename to games")]
    [InlineData("alter table games rename column title to hidden", "alter table games rename column hidden to title")]
    public async Task A_caller_is_told_to_come_back_and_served_once_it_is_mended(string fault, string mend)
    {
        await using var host = new ApiHost(database.ConnectionString);
        using var api = host.CreateClient();
        await SqlAsync(fault);
        NpgsqlConnection.ClearAllPools();
        try
        {
            for (var i = 0; i < 5; i++)
            {
                using var response = await api.PostGameAsync(Requests.ValidGame());
                await response.IsProblemAsync(HttpStatusCode.ServiceUnavailable, host.Log);
                Assert.NotNull(response.Headers.RetryAfter?.Delta);
            }
        }
        finally
        {
            await SqlAsync(mend);
        }

        await Until.TrueAsync(async () => (await api.PostGameAsync(Requests.ValidGame())).StatusCode is HttpStatusCode.Created, "it is served");
        await api.ReadyAsync();
    }

    /// <summary>On a session that is not read-only, whatever the database's default is.</summary>
    private async Task SqlAsync(string sql)
    {
        await using var connection = new NpgsqlConnection($"{database.ConnectionString};Pooling=false;Options=-c default_transaction_read_only=off");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql.Replace("{0}", connection.Database), connection);
        await command.ExecuteNonQueryAsync();
    }
}
