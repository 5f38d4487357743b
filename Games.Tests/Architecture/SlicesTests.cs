extern alias Api;
extern alias Bot;

using System.Reflection;
using System.Text.RegularExpressions;
using FastEndpoints;
using MassTransit;

namespace Games.Tests.Architecture;

public sealed partial class SlicesTests
{
    private static readonly Assembly ApiAssembly = typeof(Api::Program).Assembly;
    private static readonly Assembly BotAssembly = typeof(Bot::Program).Assembly;

    [Fact]
    public void Every_endpoint_is_a_slice_of_its_own_name()
    {
        var endpoints = ApiAssembly.GetTypes()
            .Where(type => typeof(BaseEndpoint).IsAssignableFrom(type) && type.Namespace == "Games.Api.Features")
            .Select(type => type.Name);

        Assert.Equal(
            Repository.Sources("Games.Api/Features").Select(source => Path.GetFileNameWithoutExtension(source.Name)).Order(), endpoints.Order());
    }

    [Fact]
    public void Every_consumer_lies_in_the_file_of_its_name()
    {
        var consumers = BotAssembly.GetTypes().Where(type => typeof(IConsumer).IsAssignableFrom(type)).Select(type => type.Name);

        Assert.Equal(
            Repository.Sources("Games.Bot/Consumers").Select(source => Path.GetFileNameWithoutExtension(source.Name)).Order(), consumers.Order());
    }

    [Fact]
    public void No_slice_names_what_another_declares()
    {
        var slices = Repository.Sources("Games.Api/Features", "Games.Bot/Consumers").ToList();
        Assert.NotEmpty(slices);

        var borrowed =
            from owner in slices
            from declared in Declaration().Matches(owner.Text).Select(match => match.Groups["name"].Value)
            from user in slices
            where user.Name != owner.Name && Regex.IsMatch(user.Text, $@"(?<!Task |void |\.){declared}\b(?!Async)")
            select $"{user.Name} names {declared} of {owner.Name}";

        Assert.Empty(borrowed);
    }

    [Theory]
    [InlineData("Games.Api/Features", 120)]
    [InlineData("Games.Bot/Consumers", 120)]
    public void A_slice_can_be_read_at_one_sitting(string folder, int lines) =>
        Assert.All(Repository.Sources(folder), source => Assert.InRange(source.Text.Count(character => character == '\n'), 1, lines));

    [GeneratedRegex(@"\b(?:class|record|interface|enum|struct) (?<name>\w+)")]
    private static partial Regex Declaration();
}
