using System.Net;
using System.Text;
using System.Text.Json;
using Games.Journal;
using Games.Tests.Api;
using Games.Tests.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.Journal;

public sealed class UnreadableEventTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Theory]
    [InlineData("payload", "payload")]
    [InlineData("anything", "body")]
    public async Task An_event_that_is_nested_too_deeply_is_refused(string field, string named)
    {
        await using var host = new ApiHost(database.ConnectionString);
        using var api = host.CreateClient();

        using var response = await api.PostAsync(
            "/events",
            new StringContent(
                $$"""{ "eventType": "test.event", "source": "a test", "{{field}}": {{Nested(70)}} }""", Encoding.UTF8, "application/json"));

        await response.NamesAsync(named, host.Log);
        Assert.DoesNotMatch(UnreadableRequestTests.Internals, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task JSON_that_the_handler_itself_cannot_read_is_no_fault_of_the_caller()
    {
        await using var host = new ApiHost(
            database.ConnectionString, services: services => services.AddScoped<IEventPublisher>(_ => new BrokenPublisher()));
        using var api = host.CreateClient();

        using var response = await api.PostAsync(
            "/events", new StringContent("""{ "eventType": "test.event", "source": "a test", "payload": {} }""", Encoding.UTF8, "application/json"));

        await response.IsProblemAsync(HttpStatusCode.InternalServerError, host.Log);
    }

    private static string Nested(int depth) => new string('[', depth) + new string(']', depth);

    private sealed class BrokenPublisher : IEventPublisher
    {
        public Task<PublishedEvent> PublishAsync(
            string eventType, object payload, string source, string? channel, Guid? correlationId, Guid? id, CancellationToken ct) =>
            throw new JsonException("The JSON value could not be converted. Path: $.stored");

        public Task<IReadOnlyList<PublishedEvent>> PublishAsync(IReadOnlyCollection<NewEvent> events, CancellationToken ct) =>
            throw new NotSupportedException();
    }
}
