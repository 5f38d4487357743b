using System.Net;
using FastEndpoints;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Games.Tests.FastEndpoints;

public sealed class A_mapped_endpoint
{
    [Theory]
    [InlineData(null, "/grouped")]
    [InlineData("api", "/api/grouped")]
    public async Task Lies_under_the_prefix_of_all(string? prefix, string path)
    {
        await using var app = await EndpointApp.StartAsync([typeof(Grouped)], config => config.Endpoints.RoutePrefix = prefix);

        Assert.Equal(HttpStatusCode.NoContent, (await app.GetAsync(path.Replace("grouped", "admin/grouped"), ("X-User", "role=admin"))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await app.GetAsync(path)).Status);
    }

    [Fact]
    public async Task Has_the_settings_of_its_group()
    {
        await using var app = await EndpointApp.StartAsync([typeof(Grouped)]);

        Assert.Equal(HttpStatusCode.Forbidden, (await app.GetAsync("/admin/grouped", ("X-User", "sub=1"))).Status);
        Assert.Contains("admins", TagsOf(app));
    }

    [Fact]
    public async Task Has_the_last_word_over_its_group()
    {
        await using var app = await EndpointApp.StartAsync([typeof(Grouped)]);

        Assert.Equal("own", EndpointsOf(app).Single().Metadata.GetMetadata<Marker>()?.Text);
    }

    [Fact]
    public async Task Cannot_be_grouped_before_it_has_a_route()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => EndpointApp.StartAsync([typeof(GroupedTooEarly)]));

        Assert.Contains(nameof(GroupedTooEarly), error.Message);
    }

    [Theory]
    [InlineData(false, "GamesTestsFastEndpointsA_mapped_endpoint+Changing")]
    [InlineData(true, "Changing")]
    public async Task Is_named_by_its_class(bool shortNames, string name)
    {
        await using var app = await EndpointApp.StartAsync([typeof(Changing)], config => config.Endpoints.ShortNames = shortNames);

        Assert.Equal(name, EndpointsOf(app).Single().Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName);
    }

    [Theory]
    [InlineData("POST", typeof(Posting))]
    [InlineData("PUT", typeof(Putting))]
    [InlineData("PATCH", typeof(Changing))]
    [InlineData("DELETE", typeof(Deleting))]
    public async Task Answers_its_verb_and_no_other(string verb, Type endpoint)
    {
        await using var app = await EndpointApp.StartAsync([endpoint]);

        using var right = await app.Client.SendAsync(new(new HttpMethod(verb), "/verb"));
        using var wrong = await app.Client.GetAsync("/verb");

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.MethodNotAllowed), (right.StatusCode, wrong.StatusCode));
    }

    [Fact]
    public async Task Shares_its_verb_and_route_with_no_other()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => EndpointApp.StartAsync([typeof(Posting), typeof(PostingToo)]));

        Assert.Contains("POST /verb", error.Message);
    }

    [Fact]
    public async Task Overrides_one_handler()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => EndpointApp.StartAsync([typeof(Idle)]));

        Assert.Contains(nameof(Idle), error.Message);
    }

    [Fact]
    public async Task Is_found_unless_it_is_hidden()
    {
        var found = new List<Type>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddFastEndpoints(discovery =>
        {
            discovery.DisableAutoDiscovery = true;
            discovery.Assemblies = [typeof(A_mapped_endpoint).Assembly];
            discovery.Filter = type =>
            {
                found.Add(type);
                return false;
            };
        });
        await using var app = builder.Build();

        Assert.Throws<InvalidOperationException>(() => app.UseFastEndpoints());
        Assert.Contains(typeof(VisibleValidator), found);
        Assert.DoesNotContain(typeof(Posting), found);
    }

    private static IEnumerable<RouteEndpoint> EndpointsOf(EndpointApp app)
        => app.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    private static IEnumerable<string> TagsOf(EndpointApp app)
        => EndpointsOf(app).SelectMany(endpoint => endpoint.Metadata.GetMetadata<ITagsMetadata>()?.Tags ?? []);

    private sealed record Marker(string Text);

    private sealed class Admins : Group
    {
        public Admins()
            => Configure("admin", endpoint =>
            {
                endpoint.Roles("admin");
                endpoint.Tags("admins");
                endpoint.Options(route => route.WithMetadata(new Marker("group")));
            });
    }

    // Not an endpoint: every application of this process that looks for endpoints would map it.
    private sealed class VisibleValidator : Validator<Marker>;

    internal abstract class Answering : EndpointWithoutRequest
    {
        public override Task HandleAsync(CancellationToken ct) => Send.NoContentAsync(ct);
    }

    [DontRegister]
    private sealed class Grouped : Answering
    {
        public override void Configure()
        {
            Get("grouped");
            Description(route => route.WithMetadata(new Marker("own")));
            Group<Admins>();
        }
    }

    [DontRegister]
    private sealed class GroupedTooEarly : Answering
    {
        public override void Configure()
        {
            Group<Admins>();
            Get("grouped");
        }
    }

    [DontRegister]
    private sealed class Posting : Answering
    {
        public override void Configure()
        {
            Post("/verb");
            AllowAnonymous();
        }
    }

    [DontRegister]
    private sealed class PostingToo : Answering
    {
        public override void Configure() => Post("/verb");
    }

    [DontRegister]
    private sealed class Putting : Answering
    {
        public override void Configure()
        {
            Put("/verb");
            AllowAnonymous();
        }
    }

    [DontRegister]
    private sealed class Changing : Answering
    {
        public override void Configure()
        {
            Patch("/verb");
            AllowAnonymous();
        }
    }

    [DontRegister]
    private sealed class Deleting : Answering
    {
        public override void Configure()
        {
            Delete("/verb");
            AllowAnonymous();
        }
    }

    [DontRegister]
    private sealed class Idle : EndpointWithoutRequest
    {
        public override void Configure() => Get("/idle");
    }
}
