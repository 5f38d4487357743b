using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Games.Tests.ServiceDefaults;

[assembly: AssemblyFixture(typeof(OptionRanges))]

namespace Games.Tests.ServiceDefaults;

/// <summary>
/// Validates all options once, before the first test: RangeAttribute converts bounds of time at its first use, without a lock (dotnet/runtime#1143).
/// A service validates its options one after the other; hosts that start side by side in one process, as tests do, would meet in it.
/// </summary>
public sealed class OptionRanges
{
    public OptionRanges()
    {
        foreach (var options in typeof(OptionRanges).Assembly.GetReferencedAssemblies()
            .Where(assembly => assembly.Name!.StartsWith("Games.", StringComparison.Ordinal))
            .SelectMany(assembly => Assembly.Load(assembly).GetTypes())
            .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal) && type.GetConstructor(Type.EmptyTypes) is not null)
            .Select(type => Activator.CreateInstance(type)!))
        {
            Validator.TryValidateObject(options, new(options), [], validateAllProperties: true);
        }
    }
}
