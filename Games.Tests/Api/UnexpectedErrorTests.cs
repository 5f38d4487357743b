using System.Net;
using Games.Tests.Servers;
using Npgsql;

namespace Games.Tests.Api;

public sealed class UnexpectedErrorTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task The_caller_sees_a_trace_id_and_the_log_the_error()
    {
        await using var host = new ApiHost(database.ConnectionString);
        using var api = host.CreateClient();
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var breakIt = source.CreateCommand("""
            create function breaks() returns trigger language plpgsql as 'begin perform 1 / 0; return new; end';
            create trigger breaks before insert on games for each row execute function breaks();
            """);
        await breakIt.ExecuteNonQueryAsync();

        using var response = await api.PostGameAsync(Requests.ValidGame());

        var problem = await response.IsProblemAsync(HttpStatusCode.InternalServerError, host.Log);
        Assert.DoesNotContain("breaks", problem.ToJsonString());
        var logged = Assert.Single(
            host.Log.Lines,
            line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains((string)problem["traceId"]!, StringComparison.Ordinal));
        Assert.Contains("22012", logged);
    }
}
