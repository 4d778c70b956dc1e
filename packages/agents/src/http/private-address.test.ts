import { expect, test } from 'vitest';
import { HostAllowList } from './host-allow-list.ts';
import { isPrivateAddress } from './private-address.ts';

test.each([
  '127.0.0.1',
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '::1',
  '::',
  'fe80::1',
  'fd00::1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  '2001:db8::1',
  'no address',
])('%s is private', (address) => {
  expect(isPrivateAddress(address)).toBe(true);
});

test.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])('%s is public', (address) => {
  expect(isPrivateAddress(address)).toBe(false);
});

test('a name on the list may lead to a public address, and to a private one that is on the list itself', () => {
  const list = new HostAllowList(['api.example.com', '10.0.0.7', '[fd00::7]:443', 'localhost']);
  const url = new URL('https://api.example.com/');
  expect(list.allowsAddress(url, '93.184.216.34')).toBe(true);
  expect(list.allowsAddress(url, '10.0.0.7')).toBe(true);
  expect(list.allowsAddress(url, '10.0.0.8')).toBe(false);
  expect(list.allowsAddress(url, 'fd00::7')).toBe(true);
  expect(list.allowsAddress(url, '127.0.0.1')).toBe(false);
  expect(list.allowsAddress(new URL('https://api.example.com:8443/'), '10.0.0.7')).toBe(false);
  expect(list.allowsAddress(new URL('http://localhost/'), '127.0.0.1')).toBe(true);
});

test.each(['http://a.example', 'a b', 'a.example/path', '*.example', 'a.example:x', ''])('%j is no entry', (entry) => {
  expect(() => new HostAllowList([entry])).toThrow(TypeError);
});

test('names are compared as they are resolved: without case, as punycode', () => {
  const list = new HostAllowList(['API.Example.com', 'bücher.example:8080']);
  expect(() => list.check(new URL('https://api.example.COM/x'))).not.toThrow();
  expect(() => list.check(new URL('http://xn--bcher-kva.example:8080/'))).not.toThrow();
  expect(() => list.check(new URL('http://api.example.com.evil.example/'))).toThrow('evil');
  expect(() => list.check(new URL('http://api.example.com./'))).toThrow('api.example.com.');
});
