using ArchUnitNET.Fluent.Slices;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnitV3;
using MassTransit;

namespace Games.Tests.Outbox;

public sealed class LayersTests
{
    private static readonly ArchUnitNET.Domain.Architecture Outbox =
        new ArchLoader().LoadAssemblies(typeof(OutboxModelBuilderExtensions).Assembly).Build();

    [Fact]
    public void No_folder_of_the_outbox_depends_on_one_that_depends_on_it() =>
        SliceRuleDefinition.Slices().Matching("Games.Outbox.(*)").Should().BeFreeOfCycles().Check(Outbox);
}
