using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Games.Tests;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(SeededOrder))]
[assembly: TestCaseOrderer(typeof(SeededOrder))]

namespace Games.Tests;

/// <summary>
/// An order of names and of a seed (GAMES_TEST_SEED): xunit's own depends on the path of the assembly, so that a test which needs its neighbour
/// passes here and fails there. <c>.ci/run --seeds 3</c> tries three.
/// </summary>
public sealed class SeededOrder : ITestCollectionOrderer, ITestCaseOrderer
{
    private static readonly string Seed = Environment.GetEnvironmentVariable("GAMES_TEST_SEED") ?? "0";

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection => Order(testCollections, x => x.TestCollectionDisplayName);

    public IReadOnlyCollection<TTestCase> OrderTestCases<TTestCase>(IReadOnlyCollection<TTestCase> testCases)
        where TTestCase : notnull, ITestCase => Order(testCases, x => x.TestCaseDisplayName);

    private static List<T> Order<T>(IEnumerable<T> tests, Func<T, string> nameOf) =>
        [.. tests.OrderBy(test => Shuffled(nameOf(test)))];

    private static long Shuffled(string name) => BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(Seed + name)));
}
