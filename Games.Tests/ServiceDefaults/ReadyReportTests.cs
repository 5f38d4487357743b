using Games.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Games.Tests.ServiceDefaults;

/// <summary>Probes need no key and have no limit: they must not cost the database a question each.</summary>
public sealed class ReadyReportTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource _hangs = new();
    private readonly ServiceProvider _services;
    private readonly ReadyReport _report;
    private Task _check = Task.CompletedTask;
    private int _looks;

    public ReadyReportTests()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddHealthChecks().AddAsyncCheck("counted", CheckAsync, [Health.Ready]);
        _services = services.BuildServiceProvider();
        _report = new(_services.GetRequiredService<HealthCheckService>(), _time, NullLogger<ReadyReport>.Instance);
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    [Fact]
    public async Task All_who_ask_within_a_second_get_one_answer_and_the_next_asks_anew()
    {
        for (var i = 0; i < 100; i++)
            await _report.AskAsync();
        Assert.Equal(1, _looks);

        _time.Advance(TimeSpan.FromSeconds(1));
        await _report.AskAsync();
        Assert.Equal(2, _looks);
    }

    [Fact]
    public async Task One_that_hangs_is_waited_for_and_not_joined_by_a_second()
    {
        _check = _hangs.Task;
        var first = _report.AskAsync();
        _time.Advance(TimeSpan.FromMinutes(1));
        var second = _report.AskAsync();
        _hangs.SetResult();

        Assert.Same(await first, await second);
        Assert.Equal(1, _looks);
    }

    [Theory]
    [InlineData(HealthStatus.Healthy, null)]
    [InlineData(HealthStatus.Degraded, "Ready")]
    public void What_is_healthy_has_no_problem_whatever_it_says(HealthStatus status, string? problem) => Assert.Equal(
        problem, CheckedHealth.Of(new(status, "Ready", TimeSpan.Zero, exception: null, data: null)).Problem);

    private async Task<HealthCheckResult> CheckAsync()
    {
        Interlocked.Increment(ref _looks);
        await _check;
        return HealthCheckResult.Healthy();
    }
}
